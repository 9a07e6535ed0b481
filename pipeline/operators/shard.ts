import { MillraceError } from '../errors.ts';
import { countOf, resumedCount, type StageSpec } from '../spec.ts';

/**
 * Every `of`-th record, from the `index`-th (0-based): the part of worker `index` out of `of`. The parts are disjoint
 * and together are all records.
 *
 * @throws MillraceError MILLRACE_USAGE unless 0 <= index < of
 */
export function shard<T>(index: number, of: number): StageSpec<T, T> {
  if (!(Number.isInteger(index) && Number.isInteger(of) && index >= 0 && index < of)) {
    throw new MillraceError('MILLRACE_USAGE', 'There is no such shard', {
      expected: 'integers with 0 <= index < of',
      found: `shard(${index}, ${of})`,
    });
  }
  return {
    name: 'shard',
    options: { index, of },
    async *stream(source, context) {
      let first = resumedCount(context.resumed, index);
      context.onCheckpoint(() => countOf(first, context));
      for await (const chunk of source) {
        const rows: number[] = [];
        for (; first < chunk.length; first += of) rows.push(first);
        first -= chunk.length;
        if (rows.length > 0) yield chunk.take(rows);
      }
    },
  };
}
