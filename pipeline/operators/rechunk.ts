import { ArrayChunk, type Chunk } from '../chunk.ts';
import type { StageSpec } from '../spec.ts';

/**
 * The same records in chunks of `length`. Larger chunks make fewer hops, smaller ones come sooner; nothing else may
 * depend on it.
 */
export function rechunk<T>(length: number): StageSpec<T, T> {
  return {
    name: 'rechunk',
    options: { length },
    async *stream(source) {
      let held: T[] = [];
      for await (const chunk of source) {
        let from = 0;
        while (chunk.length - from >= length - held.length) {
          const to = from + length - held.length;
          const part: Chunk<T> = chunk.slice(from, to);
          // Only what straddles two chunks is put together anew; the rest stays the table that it was.
          yield held.length === 0 ? part : new ArrayChunk([...held, ...part]);
          held = [];
          from = to;
        }
        held.push(...chunk.slice(from, chunk.length));
      }
      if (held.length > 0) yield new ArrayChunk(held);
    },
  };
}
