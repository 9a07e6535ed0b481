import { MillraceError } from '../errors.ts';
import { isWorker } from './entry.ts';
import type { Frame } from './frame.ts';
import type { Answer, Beginning, ChunkAnswer, LeadAnswer, Request } from './messages.ts';
import { Thread } from './thread.ts';

/** Threads at rest, for the next run, and what ends them: to start one takes as long as to read thousands of rows. */
const resting = new Map<Thread, NodeJS.Timeout>();

/** How long a thread rests before it is ended, in milliseconds. */
const REST = 10_000;

/** The threads that work for one run. */
export class Pool {
  readonly #threads: readonly Thread[];
  #closed = false;

  /**
   * @param workers how many threads
   * @throws MillraceError MILLRACE_USAGE for stages made with what cannot be sent, and in a thread of another pool
   */
  constructor(workers: number, beginning: Beginning) {
    if (isWorker()) {
      // The program would start itself again and again.
      throw new MillraceError('MILLRACE_USAGE', 'A worker thread has no worker threads of its own', {
        hint: 'Keep a stage with `remote` in a module that runs no pipeline when it is loaded.',
      });
    }
    this.#threads = Array.from({ length: workers }, () => rested() ?? started());
    try {
      for (const thread of this.#threads) thread.begin(beginning);
    } catch (cause) {
      this.close();
      throw new MillraceError('MILLRACE_USAGE', 'The arguments of a stage cannot be sent to other threads', {
        found: beginning.recipes.map(({ name }) => name).join(', '),
        hint: 'Give the `args` of `remote` as plain values.',
        cause,
      });
    }
  }

  /** What the thread with the least to do makes of a chunk; nothing once this is closed. */
  run(frame: Frame): Promise<ChunkAnswer> {
    return this.#ask({ kind: 'chunk', frame }) as Promise<ChunkAnswer>;
  }

  /** How the run goes on in the only thread, which has the source. */
  next(): Promise<LeadAnswer> {
    return this.#ask({ kind: 'next' }) as Promise<LeadAnswer>;
  }

  /**
   * Gives the threads back; those that are still at work will be there for others when they have stopped.
   *
   * @returns when all have stopped, and closed what they opened
   */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map((thread) => thread.close().then((usable) => usable && rest(thread))));
  }

  #ask(request: Request): Promise<Answer> {
    if (this.#closed) return Promise.resolve({ kind: 'undone' });
    const idlest = this.#threads.reduce((best, thread) => (thread.load < best.load ? thread : best));
    return idlest.ask(request);
  }
}

function started(): Thread {
  const thread = new Thread();
  thread.ended.then(() => wake(thread));
  return thread;
}

function rested(): Thread | undefined {
  const [thread] = resting.keys();
  if (thread) wake(thread);
  return thread;
}

/** Keeps the thread for a while. */
function rest(thread: Thread): void {
  resting.set(thread, setTimeout(() => thread.terminate(), REST).unref());
}

function wake(thread: Thread): void {
  clearTimeout(resting.get(thread));
  resting.delete(thread);
}
