import { countOf, resumedCount, type StageSpec } from '../spec.ts';

/** The first `count` records. The source is closed as soon as they are there, and not opened for none. */
export function take<T>(count: number): StageSpec<T, T> {
  return {
    name: 'take',
    options: { count },
    async *stream(source, context) {
      let left = resumedCount(context.resumed, count);
      context.onCheckpoint(() => countOf(left, context));
      if (left <= 0) return;
      for await (const chunk of source) {
        if (chunk.length >= left) {
          const last = chunk.length === left ? chunk : chunk.slice(0, left);
          left = 0;
          yield last;
          return;
        }
        left -= chunk.length;
        yield chunk;
      }
    },
  };
}
