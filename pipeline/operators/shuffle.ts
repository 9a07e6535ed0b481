import { ArrayChunk, CHUNK_LENGTH } from '../chunk.ts';
import { MillraceError } from '../errors.ts';
import { Random } from '../random.ts';
import type { StageSpec } from '../spec.ts';
import { arrivals, checkpointOfHeld, type HeldState, heldOrdinals, type Json, Trail } from '../state.ts';

/**
 * A windowed shuffle, as tf.data's: of `buffer` records held back, a random one leaves for each that comes. With a
 * buffer as large as the corpus it is a uniform shuffle. The same seed gives the same order.
 *
 * @param seed give another one each epoch for another order
 * @throws MillraceError MILLRACE_USAGE unless `buffer` is a positive integer
 */
export function shuffle<T>(buffer: number, seed: number): StageSpec<T, T> {
  if (!(Number.isInteger(buffer) && buffer > 0)) {
    throw new MillraceError('MILLRACE_USAGE', 'The shuffle buffer is too small', {
      expected: 'a positive number of records',
      found: buffer,
    });
  }
  return {
    name: 'shuffle',
    options: { buffer, seed },
    async *stream(source, context) {
      const { state, skip, again, held: before } = resumedShuffle(context.resumed, seed);
      const random = new Random(state);
      // The records held back, and the ordinal of each: its place among what arrived.
      const held: T[] = [];
      let ordinals: number[] = [];
      const trail = new Trail();
      context.onCheckpoint(() =>
        checkpointOfHeld(trail, heldOrdinals(ordinals), trail.next, context, { state: random.state }),
      );

      let out: T[] = [];
      const places = new Map(before.map((ordinal, place) => [ordinal, place]));
      ordinals = [...before];
      for await (const arrival of arrivals(source, context, skip)) {
        let ordinal = trail.next;
        trail.arrive(arrival);
        for (const value of arrival.chunk) {
          // What had arrived before the run was stopped only fills the buffer as it was.
          if (ordinal < again) {
            const place = places.get(ordinal);
            if (place !== undefined) held[place] = value;
          } else if (held.length < buffer) {
            held.push(value);
            ordinals.push(ordinal);
          } else {
            const leaving = random.below(buffer);
            out.push(held[leaving] as T);
            held[leaving] = value;
            ordinals[leaving] = ordinal;
          }
          ordinal++;
        }
        context.hold(held.length);
        if (out.length > 0) {
          yield new ArrayChunk(out);
          out = [];
        }
      }
      while (held.length > 0) {
        const leaving = random.below(held.length);
        out.push(held[leaving] as T);
        held[leaving] = held.at(-1) as T;
        ordinals[leaving] = ordinals.at(-1) as number;
        held.pop();
        ordinals.pop();
        if (out.length === CHUNK_LENGTH || held.length === 0) {
          yield new ArrayChunk(out);
          out = [];
        }
      }
    },
  };
}

/** Where a shuffle was: its generator, and which records it holds, in their places. */
interface ShuffleState extends HeldState {
  readonly state: number | readonly number[];
}

function resumedShuffle(resumed: Json | undefined, seed: number): ShuffleState {
  return (resumed as unknown as ShuffleState | undefined) ?? { state: seed, skip: 0, again: 0, held: [] };
}
