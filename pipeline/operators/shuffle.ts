import { ArrayChunk, CHUNK_LENGTH } from '../chunk.ts';
import { MillraceError } from '../errors.ts';
import { Random } from '../random.ts';
import type { StageSpec } from '../spec.ts';

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
    async *stream(source) {
      const random = new Random(seed);
      const held: T[] = [];
      let out: T[] = [];
      for await (const chunk of source) {
        for (const value of chunk) {
          if (held.length < buffer) {
            held.push(value);
            continue;
          }
          const leaving = random.below(buffer);
          out.push(held[leaving] as T);
          held[leaving] = value;
        }
        if (out.length > 0) {
          yield new ArrayChunk(out);
          out = [];
        }
      }
      while (held.length > 0) {
        const leaving = random.below(held.length);
        out.push(held[leaving] as T);
        held[leaving] = held.at(-1) as T;
        held.pop();
        if (out.length === CHUNK_LENGTH || held.length === 0) {
          yield new ArrayChunk(out);
          out = [];
        }
      }
    },
  };
}
