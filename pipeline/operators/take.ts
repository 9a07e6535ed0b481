import type { StageSpec } from '../spec.ts';

/** The first `count` records. The source is closed as soon as they are there, and not opened for none. */
export function take<T>(count: number): StageSpec<T, T> {
  return {
    name: 'take',
    options: { count },
    async *stream(source) {
      if (count <= 0) return;
      let left = count;
      for await (const chunk of source) {
        if (chunk.length >= left) {
          yield chunk.length === left ? chunk : chunk.slice(0, left);
          return;
        }
        left -= chunk.length;
        yield chunk;
      }
    },
  };
}
