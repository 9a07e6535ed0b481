/** Stages that worker threads can make, some of which should not be let near one. */
import { threadId } from 'node:worker_threads';
import { DROP, defineStage, MillraceError, type Remote } from '../../../pipeline/index.ts';

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

/** Its module runs a pipeline when it is loaded. */
export const selfish = () =>
  defineStage<number, number>({
    name: 'selfish',
    remote: { module: new URL('selfish.ts', import.meta.url).href, export: 'selfish', args: [] },
    record: (n) => n,
  });
