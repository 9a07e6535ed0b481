import assert from 'node:assert/strict';
import { type Chunk, Pipeline, type Source, type SourceContext } from '../pipeline/index.ts';

export interface Mishaps {
  /** Where a chunk fails to come, with {@link WatchedSource.failure}. */
  readonly failAt?: number;
  /** Where a chunk is waited for that never comes. */
  readonly hangAt?: number;
}

/**
 * A source that is written by hand, since a generator hides who closes it twice or pulls after its end, and that counts
 * all that is done to it.
 */
export class WatchedSource<T> implements Source<T> {
  readonly name = 'watched';
  readonly failure = new Error('the source failed');
  opens = 0;
  closes = 0;
  /** Records that were handed out. */
  given = 0;
  /** Whether somebody waits for the chunk that never comes. */
  hanging = false;
  readonly #strays: string[] = [];
  readonly #chunks: readonly Chunk<T>[];
  readonly #mishaps: Mishaps;

  constructor(chunks: readonly Chunk<T>[], mishaps: Mishaps = {}) {
    this.#chunks = chunks;
    this.#mishaps = mishaps;
  }

  get pipeline(): Pipeline<T> {
    return Pipeline.fromSource(this);
  }

  /** Everything that was opened is closed, once, and nothing was asked of it out of turn. */
  assertClosed(): void {
    assert.deepEqual(this.#strays, []);
    assert.equal(this.closes, this.opens, 'what was opened is still open');
  }

  open({ signal }: SourceContext): AsyncIterable<Chunk<T>> {
    return { [Symbol.asyncIterator]: () => this.#iterator(signal) };
  }

  #iterator(signal: AbortSignal): AsyncIterator<Chunk<T>> {
    const { failAt, hangAt } = this.#mishaps;
    let at = 0;
    let [open, busy, returned] = [true, false, false];
    this.opens++;
    const close = () => {
      if (open) this.closes++;
      open = false;
    };
    const hang = () =>
      new Promise<never>((_, reject) => {
        this.hanging = true;
        signal.addEventListener('abort', () => {
          close();
          reject(signal.reason);
        });
      });
    return {
      next: async () => {
        if (!open) this.#strays.push('next() after it was closed');
        if (busy) this.#strays.push('next() while another is under way');
        busy = true;
        try {
          await null;
          if (at === hangAt) await hang();
          if (at === failAt) throw this.failure;
          const chunk = this.#chunks[at++];
          if (!chunk) close();
          this.given += chunk?.length ?? 0;
          return chunk ? { done: false, value: chunk } : { done: true, value: undefined };
        } catch (error) {
          close();
          throw error;
        } finally {
          busy = false;
        }
      },
      return: async () => {
        if (returned) this.#strays.push('return() twice');
        returned = true;
        close();
        return { done: true, value: undefined };
      },
    };
  }
}
