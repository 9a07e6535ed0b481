import { ArrayChunk, CHUNK_LENGTH, type Chunk } from './chunk.ts';
import type { Run } from './run.ts';
import { untilAborted } from './spec.ts';

/** Where a pipeline begins. Opened once for each run; nothing may happen before. */
export interface Source<T> {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Must close what it opened when it is closed, and when `run.signal` aborts. */
  open(run: Run): AsyncIterable<Chunk<T>>;
}

/** IxJS hands a signal on when it opens a source, so that a read deep within can be interrupted; others ignore it. */
interface Abortable<T> {
  [Symbol.asyncIterator](signal?: AbortSignal): AsyncIterator<T>;
}

/** Records that are there already, or come one by one. An asynchronous source is never read ahead. */
export function iterableSource<T>(values: Iterable<T> | AsyncIterable<T>): Source<T> {
  return Symbol.asyncIterator in values ? asyncSource(values) : syncSource(values);
}

function syncSource<T>(values: Iterable<T>): Source<T> {
  return {
    name: 'from',
    async *open(run) {
      let chunk: T[] = [];
      try {
        for (const value of values) {
          chunk.push(value);
          if (chunk.length < CHUNK_LENGTH) continue;
          run.signal.throwIfAborted();
          yield new ArrayChunk(chunk);
          chunk = [];
        }
      } catch (error) {
        // What came before the failure leaves before it.
        if (chunk.length > 0) yield new ArrayChunk(chunk);
        throw error;
      }
      if (chunk.length > 0) yield new ArrayChunk(chunk);
    },
  };
}

function asyncSource<T>(values: Abortable<T>): Source<T> {
  return {
    name: 'from',
    async *open(run) {
      const iterator = values[Symbol.asyncIterator](run.signal);
      // An iterator that is done or has failed needs no closing; one that hangs in next() cannot be waited for.
      let state: 'idle' | 'pending' | 'ended' = 'idle';
      try {
        for (;;) {
          run.signal.throwIfAborted();
          state = 'pending';
          const next = Promise.resolve(iterator.next());
          next.then(
            (result) => (state = result.done ? 'ended' : 'idle'),
            () => (state = 'ended'),
          );
          const result = await untilAborted(next, run.signal);
          if (result.done) return;
          yield new ArrayChunk([result.value]);
        }
      } finally {
        if (state === 'idle') await iterator.return?.();
        else if (state === 'pending') Promise.resolve(iterator.return?.()).catch(() => {});
      }
    },
  };
}
