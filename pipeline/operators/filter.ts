import type { Chunk } from '../chunk.ts';
import { countOf, resumedCount, type StageSpec, untilAborted } from '../spec.ts';

/** The records for which `keep` answers true; the rest are counted as dropped. */
export function filter<T>(keep: (value: T, index: number) => boolean | Promise<boolean>): StageSpec<T, T> {
  return {
    name: 'filter',
    options: { keep },
    async *stream(source, context) {
      let index = resumedCount(context.resumed);
      context.onCheckpoint(() => countOf(index, context));
      for await (const chunk of source) {
        const rows: number[] = [];
        try {
          for (let row = 0; row < chunk.length; row++) {
            const verdict = keep(chunk.get(row), index++);
            if (verdict instanceof Promise ? await untilAborted(verdict, context.signal) : verdict) rows.push(row);
            else context.drop('filtered');
          }
        } catch (error) {
          if (rows.length > 0) yield chunk.take(rows);
          throw error;
        }
        // Rows are picked out of the chunk, so that columns stay columns.
        const kept: Chunk<T> = rows.length === chunk.length ? chunk : chunk.take(rows);
        if (kept.length > 0) yield kept;
      }
    },
  };
}
