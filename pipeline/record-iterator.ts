import type { Chunk } from './chunk.ts';

/**
 * Chunks read a record at a time. Written by hand because a generator costs three times as much per record, and this is
 * on the way of everybody who writes `for await (const record of pipeline)`.
 */
export class RecordIterator<T> implements AsyncIterator<T> {
  readonly #chunks: AsyncIterator<Chunk<T>>;
  readonly #signal: AbortSignal | undefined;
  #chunk: Chunk<T> | undefined;
  #at = 0;
  #closed = false;
  // The request in progress: those that come before it is answered wait in line.
  #tail: Promise<unknown> | undefined;

  /** @param signal after which no record of the chunk in hand is given out either: `chunks` must fail then */
  constructor(chunks: AsyncIterable<Chunk<T>>, signal?: AbortSignal) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  /** Records that have come but not been given out. */
  get inHand(): number {
    return this.#chunk ? this.#chunk.length - this.#at : 0;
  }

  next(): Promise<IteratorResult<T>> {
    const chunk = this.#tail ? undefined : this.#current();
    if (chunk) return Promise.resolve({ done: false, value: chunk.get(this.#at++) });
    return this.#inLine(() => this.#advance());
  }

  return(): Promise<IteratorResult<T>> {
    return this.#inLine(async () => {
      this.#closed = true;
      await this.#chunks.return?.();
      return { done: true, value: undefined };
    });
  }

  async #advance(): Promise<IteratorResult<T>> {
    for (;;) {
      const chunk = this.#current();
      if (chunk) return { done: false, value: chunk.get(this.#at++) };
      const result = await this.#chunks.next();
      if (result.done) return { done: true, value: undefined };
      this.#chunk = result.value;
      this.#at = 0;
    }
  }

  #current(): Chunk<T> | undefined {
    return this.#chunk && this.#at < this.#chunk.length && !this.#signal?.aborted && !this.#closed
      ? this.#chunk
      : undefined;
  }

  #inLine<R>(request: () => Promise<R>): Promise<R> {
    const answer = this.#tail ? this.#tail.then(request, request) : request();
    const settled = answer.then(noop, noop).then(() => {
      if (this.#tail === settled) this.#tail = undefined;
    });
    this.#tail = settled;
    return answer;
  }
}

function noop(): void {}
