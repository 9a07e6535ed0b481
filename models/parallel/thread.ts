import { Worker } from 'node:worker_threads';
import { MillraceError } from '../../pipeline/errors.ts';
import { entryOfWorkers, optionsOfWorkers } from '../../pipeline/parallel/entry.ts';
import type { StepFigures } from '../gradients.ts';
import type { Beginning, Shard } from './replica.ts';

/** The engines that each thread can start for itself. */
export type ThreadEngine = 'wasm' | 'cpu';

export interface ThreadData extends Beginning {
  readonly engine: ThreadEngine;
}

/** A worker thread with a replica in it. It keeps the process alive only while it owes an answer. */
export class ReplicaThread {
  readonly answer: Float32Array;
  readonly #worker: Worker;
  #owed: { resolve(figures: StepFigures): void; reject(error: unknown): void } | undefined;
  #crash: MillraceError | undefined;

  constructor(data: ThreadData) {
    this.answer = data.answer;
    this.#worker = new Worker(entryOfWorkers(import.meta.url), { ...optionsOfWorkers(), workerData: data });
    this.#worker.unref();
    this.#worker.on('message', (figures: StepFigures) => {
      this.#worker.unref();
      this.#owed?.resolve(figures);
      this.#owed = undefined;
    });
    this.#worker.on('error', (cause) => this.#fail(`it failed with ${cause}`, cause));
    this.#worker.on('exit', (code) => this.#fail(`it ended with exit code ${code}`));
  }

  /**
   * Has the replica write its answer to a shard, one at a time.
   *
   * @throws MillraceError `MILLRACE_WORKER` if the thread ends before it answers
   */
  run(shard: Shard): Promise<StepFigures> {
    if (this.#crash) return Promise.reject(this.#crash);
    this.#worker.postMessage(shard);
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#owed = { resolve, reject };
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  /** The first failure is the one that tells why; an exit follows every other. */
  #fail(why: string, cause?: unknown): void {
    this.#crash ??= new MillraceError(
      'MILLRACE_WORKER',
      `A thread of the training ended before its work was done: ${why}`,
      {
        hint: 'What was learnt up to the last checkpoint is kept: go on with `train --resume`.',
        ...(cause !== undefined && { cause }),
      },
    );
    this.#owed?.reject(this.#crash);
    this.#owed = undefined;
  }
}
