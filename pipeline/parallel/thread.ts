import { Worker } from 'node:worker_threads';
import { MillraceError } from '../errors.ts';
import { entryOfWorkers, optionsOfWorkers } from './entry.ts';
import { transferOf } from './frame.ts';
import type { Answer, Beginning, FromWorker, Request, ToWorker } from './messages.ts';

/** How long a thread that is told to stop may go on with the chunk that it is at, in milliseconds. */
const GRACE = 1000;

/** A worker thread. It keeps the process alive only while it owes an answer, or is about to come to rest. */
export class Thread {
  readonly #worker = new Worker(entryOfWorkers(), optionsOfWorkers());
  readonly #owed: { resolve(answer: Answer): void; reject(error: unknown): void }[] = [];
  #onClosed: (() => void) | undefined;
  #crash: MillraceError | undefined;
  /** Settled when the thread has ended, however it did. */
  readonly ended: Promise<void>;

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (cause) => this.#fail(crash(`it failed with ${describe(cause)}`, cause)));
    this.#worker.on('messageerror', (cause) => this.#fail(crash('it said what cannot be understood', cause)));
    this.ended = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#fail(crash(`it ended with exit code ${code}`));
        resolve();
      });
    });
  }

  get crashed(): boolean {
    return this.#crash !== undefined;
  }

  /** Requests that are not answered yet. */
  get load(): number {
    return this.#owed.length;
  }

  /** Begins a run. */
  begin(beginning: Beginning): void {
    this.#post(beginning);
  }

  /** @throws MillraceError MILLRACE_WORKER if the thread ends before it answers */
  ask(request: Request): Promise<Answer> {
    if (this.#crash) return Promise.reject(this.#crash);
    this.#post(request, request.kind === 'chunk' ? transferOf(request.frame) : []);
    this.#worker.ref();
    return new Promise((resolve, reject) => this.#owed.push({ resolve, reject }));
  }

  /**
   * Ends a run, whatever is still owed of it. A thread that does not come to rest soon is terminated.
   *
   * @returns whether the thread can be used again
   */
  async close(): Promise<boolean> {
    this.#owed.length = 0;
    this.#worker.ref();
    const closed = new Promise<void>((resolve) => {
      this.#onClosed = resolve;
    });
    const overdue = setTimeout(() => this.terminate(), GRACE).unref();
    this.#post({ kind: 'close' });
    await Promise.race([closed, this.ended]);
    clearTimeout(overdue);
    this.#worker.unref();
    return !this.#crash;
  }

  terminate(): void {
    this.#worker.terminate();
  }

  #post(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'closed') {
      this.#onClosed?.();
      this.#onClosed = undefined;
    } else if (!this.#onClosed) {
      this.#owed.shift()?.resolve(message);
      if (this.#owed.length === 0) this.#worker.unref();
    }
  }

  /** The first failure is the one that tells why; an exit follows every other. */
  #fail(error: MillraceError): void {
    this.#crash ??= error;
    for (const { reject } of this.#owed.splice(0)) reject(this.#crash);
  }
}

function crash(why: string, cause?: unknown): MillraceError {
  return new MillraceError('MILLRACE_WORKER', `A worker thread ended before its work was done: ${why}`, {
    hint: 'A stage that runs in it may have called process.exit, run out of memory or left an error uncaught.',
    ...(cause !== undefined && { cause }),
  });
}

function describe(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}
