/** Readers with every fault that a fuzz run must find, each in inputs that have an `x` where the good one has an `a`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError } from '../../pipeline/errors.ts';
import type { FuzzTarget } from './target.ts';

function breaking(fault: () => Promise<void> | void): FuzzTarget {
  return {
    start: async () => ({
      seeds: [Buffer.from('aaaa'), Buffer.from('bbxb'), Buffer.from('cccc')],
      async read(_, bytes) {
        if (bytes.includes('x')) await fault();
      },
    }),
  };
}

const held: Buffer[] = [];

export const targets: Readonly<Record<string, FuzzTarget>> = {
  sound: breaking(() => {
    throw new MillraceError('MILLRACE_BAD_RECORD', 'There is an x');
  }),
  foreign: breaking(() => {
    throw new TypeError('x is not a function');
  }),
  stray: breaking(() => {
    void Promise.reject(new Error('lost'));
  }),
  busy: breaking(() => {
    for (;;);
  }),
  // Nothing keeps the process alive but the one who watches it.
  waiting: breaking(() => new Promise(() => {})),
  crashing: breaking(() => process.exit(3)),
  greedy: breaking(async () => {
    held.push(Buffer.alloc(2 ** 28, 1));
    await sleep(500);
  }),
};
