import { CHUNK_LENGTH, type Chunk } from '../chunk.ts';
import { MillraceError } from '../errors.ts';
import { gatherRows } from '../gather.ts';
import type { StageSpec } from '../spec.ts';
import { arrivals, checkpointOfHeld, type HeldState, type Json, Trail } from '../state.ts';
import { ShuffleWindow } from './shuffle-window.ts';

/**
 * A windowed shuffle, as tf.data's: of `buffer` records held back, a random one leaves for each that comes. With a
 * buffer as large as the corpus it is a uniform shuffle. The same seed gives the same order. Of tables it makes tables.
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
      const window = new ShuffleWindow(buffer, { random: state, ordinals: before, next: again });
      // Where the records held back are, by their places in the window: a record that waits is not made.
      const held = new Places<T>();
      const trail = new Trail();
      context.onCheckpoint(() => checkpointOfHeld(trail, window.held(), trail.next, context, { state: window.random }));

      let out = new Places<T>();
      const places = new Map(before.map((ordinal, place) => [ordinal, place]));
      for await (const arrival of arrivals(source, context, skip)) {
        const { chunk } = arrival;
        const first = trail.next;
        trail.arrive(arrival);
        for (let row = 0; row < chunk.length; row++) {
          // What had arrived before the run was stopped only fills the window as it was.
          const filling = first + row < again;
          const place = filling ? places.get(first + row) : window.arrive();
          if (place === undefined) continue;
          if (!filling && place < held.length) out.copy(held, place);
          held.set(place, chunk, row);
        }
        context.hold(held.length);
        if (out.length > 0) {
          yield out.toChunk();
          out = new Places<T>();
        }
      }
      while (held.length > 0) {
        const place = window.leave();
        out.copy(held, place);
        held.remove(place);
        if (out.length === CHUNK_LENGTH || held.length === 0) {
          yield out.toChunk();
          out = new Places<T>();
        }
      }
    },
  };
}

/** A list of records by where they are. */
class Places<T> {
  readonly #chunks: Chunk<T>[] = [];
  readonly #rows: number[] = [];

  get length(): number {
    return this.#rows.length;
  }

  set(place: number, chunk: Chunk<T>, row: number): void {
    this.#chunks[place] = chunk;
    this.#rows[place] = row;
  }

  /** Adds what another list has at a place. */
  copy(other: Places<T>, place: number): void {
    this.#chunks.push(other.#chunks[place] as Chunk<T>);
    this.#rows.push(other.#rows[place] as number);
  }

  /** The last one takes its place. */
  remove(place: number): void {
    const chunk = this.#chunks.pop() as Chunk<T>;
    const row = this.#rows.pop() as number;
    if (place < this.length) this.set(place, chunk, row);
  }

  toChunk(): Chunk<T> {
    return gatherRows(this.#chunks, this.#rows);
  }
}

/** Where a shuffle was: its generator, and which records it holds, in their places. */
interface ShuffleState extends HeldState {
  readonly state: number | readonly number[];
}

function resumedShuffle(resumed: Json | undefined, seed: number): ShuffleState {
  return (resumed as unknown as ShuffleState | undefined) ?? { state: seed, skip: 0, again: 0, held: [] };
}
