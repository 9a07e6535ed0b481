import type { StageSpec } from '../spec.ts';

/** All but the first `count` records. */
export function skip<T>(count: number): StageSpec<T, T> {
  return {
    name: 'skip',
    options: { count },
    async *stream(source) {
      let left = count;
      for await (const chunk of source) {
        if (left >= chunk.length) left -= chunk.length;
        else {
          yield left > 0 ? chunk.slice(left, chunk.length) : chunk;
          left = 0;
        }
      }
    },
  };
}
