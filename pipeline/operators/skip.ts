import { countOf, resumedCount, type StageSpec } from '../spec.ts';

/** All but the first `count` records. */
export function skip<T>(count: number): StageSpec<T, T> {
  return {
    name: 'skip',
    options: { count },
    async *stream(source, context) {
      let left = resumedCount(context.resumed, count);
      context.onCheckpoint(() => countOf(left, context));
      for await (const chunk of source) {
        if (left >= chunk.length) left -= chunk.length;
        else {
          const rest = left > 0 ? chunk.slice(left, chunk.length) : chunk;
          left = 0;
          yield rest;
        }
      }
    },
  };
}
