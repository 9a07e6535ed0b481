import { ArrayChunk, type Chunk } from '../chunk.ts';
import { MillraceError } from '../errors.ts';
import { resumedCount, type StageSpec } from '../spec.ts';
import { arrivals, Trail } from '../state.ts';

/**
 * The same records in chunks of `length`. Larger chunks make fewer hops, smaller ones come sooner; nothing else may
 * depend on it.
 *
 * @throws MillraceError MILLRACE_USAGE unless `length` is a positive integer
 */
export function rechunk<T>(length: number): StageSpec<T, T> {
  if (!(Number.isInteger(length) && length > 0)) {
    throw new MillraceError('MILLRACE_USAGE', 'No chunk has this length', {
      expected: 'a positive number of records',
      found: length,
    });
  }
  return {
    name: 'rechunk',
    options: { length },
    async *stream(source, context) {
      let held: T[] = [];
      // The record that the next chunk begins with, and from where upstream gives it again.
      let first = 0;
      const trail = new Trail();
      context.onCheckpoint(() => trail.checkpoint(first, context));
      try {
        for await (const arrival of arrivals(source, context, resumedCount(context.resumed))) {
          const { chunk } = arrival;
          trail.arrive(arrival);
          trail.forget(first);
          let from = 0;
          while (chunk.length - from >= length - held.length) {
            const to = from + length - held.length;
            const part: Chunk<T> = chunk.slice(from, to);
            first += length;
            // Only what straddles two chunks is put together anew; the rest stays the table that it was.
            yield held.length === 0 ? part : new ArrayChunk([...held, ...part]);
            held = [];
            from = to;
          }
          for (const value of chunk.slice(from, chunk.length)) held.push(value);
        }
      } catch (error) {
        // The records before a failure come before it, as without this stage.
        if (held.length > 0) yield new ArrayChunk(held);
        throw error;
      }
      first += held.length;
      if (held.length > 0) yield new ArrayChunk(held);
    },
  };
}
