/** Stages that worker threads can make, some of which should not be let near one. */
import { threadId } from 'node:worker_threads';
import {
  ArrayChunk,
  DROP,
  defineStage,
  MillraceError,
  type Remote,
  resumedCount,
  type Source,
} from '../../../pipeline/index.ts';

const made = (name: string, ...args: unknown[]): Remote => ({ module: import.meta.url, export: name, args });

/** Where a number was seen. */
export const seenIn = () =>
  defineStage<number, { n: number; thread: number }>({
    name: 'seenIn',
    remote: made('seenIn'),
    record: (n) => ({ n, thread: threadId }),
  });

/** A stage that is no function of anything. */
export const doubled = defineStage<number, number>({
  name: 'doubled',
  remote: { module: import.meta.url, export: 'doubled' },
  record: (n) => 2 * n,
});

/** What becomes of a number by its rest after a division by 7: for the laws of what is left out, told and counted. */
export const moody = (name = 'moody') =>
  defineStage<number, number>({
    name,
    remote: made('moody', name),
    async record(n, context) {
      context.tally('seen', n);
      if (n % 7 === 1) return context.drop('one');
      if (n % 7 === 2) return DROP;
      if (n % 7 === 3) {
        const cause = new SyntaxError('three');
        const found = { n, at: new Date(n) };
        const origin = { source: name, line: n };
        throw new MillraceError('MILLRACE_BAD_RECORD', 'Bad', { origin, expected: 'no', found, hint: 'None.', cause });
      }
      if (n % 7 === 4) await null;
      return n + 7;
    },
  });

export class OwnError extends Error {
  readonly extra = () => 'a function';
}

/** Does `what` at a number. */
export const mishap = (what: 'exit' | 'throw' | 'stray' | 'hang' | 'spin' | 'memory', at: number) =>
  defineStage<number, number>({
    name: 'mishap',
    remote: made('mishap', what, at),
    record(n) {
      if (n !== at) return n;
      switch (what) {
        case 'exit':
          // Only ever in a worker thread.
          if (threadId > 0) process.exit(3);
          return n;
        case 'throw':
          throw new OwnError('own');
        case 'stray':
          setImmediate(() => {
            throw new RangeError('nobody catches it');
          });
          return new Promise(() => {});
        case 'hang':
          return new Promise(() => {});
        case 'spin':
          for (;;);
        case 'memory': {
          const hoard: number[][] = [];
          for (;;) hoard.push(new Array(1e5).fill(n));
        }
      }
    },
  });

/** Works in the main thread only. */
export const homesick = () =>
  defineStage<number, number>({
    name: 'homesick',
    remote: made('homesick'),
    record(n) {
      if (threadId > 0) throw new Error('not here');
      return n;
    },
  });

/** Makes what cannot be sent. */
export const withFunction = () =>
  defineStage<number, { n: number; next: () => number }>({
    name: 'withFunction',
    remote: made('withFunction'),
    record: (n) => ({ n, next: () => n + 1 }),
  });

/** Says another stage's name, or that of nothing. */
export const misnamed = (name: string) =>
  defineStage<number, number>({
    name: 'misnamed',
    remote: { module: import.meta.url, export: name, args: [] },
    record: (n) => n,
  });

/** What a source in any thread counts. */
export class Counters {
  readonly shared = new Int32Array(new SharedArrayBuffer(64));

  get opens(): number {
    return Atomics.load(this.shared, 0);
  }

  get closes(): number {
    return Atomics.load(this.shared, 1);
  }

  /** Records handed out. */
  get given(): number {
    return Atomics.load(this.shared, 2);
  }

  /** In which thread it was opened each time. */
  get threads(): number[] {
    return Array.from(this.shared.subarray(THREADS, THREADS + this.opens));
  }
}

const THREADS = 3;

export interface Course {
  readonly count: number;
  /** Records to a chunk. */
  readonly length: number;
  /** Where a chunk fails to come. */
  readonly failAt?: number;
  /** Where one is waited for that never comes. */
  readonly hangAt?: number;
}

/** The numbers up to a count, from any thread. */
export function numbersThere(counters: Counters, course: Course): Source<number> {
  return { ...numbersOf(counters.shared, course), remote: () => made('numbersOf', counters.shared, course) };
}

/** The same as other threads make it. */
export function numbersOf(shared: Int32Array, { count, length, failAt, hangAt }: Course): Source<number> {
  return {
    name: 'numbers',
    async *open({ signal, resumed, onCheckpoint }) {
      let at = resumedCount(resumed);
      onCheckpoint(() => {
        const captured = at;
        return () => captured;
      });
      shared[THREADS + Atomics.add(shared, 0, 1)] = threadId;
      try {
        while (at < count) {
          await new Promise((resolve) => setImmediate(resolve));
          signal.throwIfAborted();
          if (hangAt !== undefined && at >= hangAt) {
            await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
          }
          if (failAt !== undefined && at >= failAt) throw new OwnError(`no ${at}`);
          const numbers = Array.from({ length: Math.min(length, count - at) }, (_, i) => at + i);
          at += numbers.length;
          Atomics.add(shared, 2, numbers.length);
          yield new ArrayChunk(numbers);
        }
      } finally {
        Atomics.add(shared, 1, 1);
      }
    },
  };
}

/** Sums so far, modulo 1000: what it gives hangs on all that came before; it keeps its state, or else runs again. */
export const sums = (keeps: boolean) =>
  defineStage<number, number>({
    name: 'sums',
    options: { keeps },
    remote: { ...made('sums', keeps), withSource: true },
    async *stream(source, context) {
      let sum = keeps ? resumedCount(context.resumed) : 0;
      if (keeps) {
        context.onCheckpoint(() => {
          const captured = sum;
          return { from: context.upstream(), own: () => captured };
        });
      }
      for await (const chunk of source) {
        yield new ArrayChunk(
          Array.from(chunk, (n) => {
            sum = (sum + n) % 1000;
            return sum;
          }),
        );
      }
    },
  });

/** Rejects all numbers from a first one on. */
export const refuseFrom = (first: number) =>
  defineStage<number, number>({
    name: 'refuseFrom',
    remote: made('refuseFrom', first),
    record(n) {
      if (n < first) return n;
      throw new MillraceError('MILLRACE_BAD_RECORD', 'None will do', { found: n });
    },
  });

/** Says another source's name, or that of nothing. */
export const misnamedSource = (name: string): Source<number> => ({
  ...numbersOf(new Counters().shared, { count: 3, length: 1 }),
  name: 'misnamed',
  remote: () => made(name, new Counters().shared, { count: 3, length: 1 }),
});

/** Its module runs a pipeline when it is loaded. */
export const selfish = () =>
  defineStage<number, number>({
    name: 'selfish',
    remote: { module: new URL('selfish.ts', import.meta.url).href, export: 'selfish', args: [] },
    record: (n) => n,
  });
