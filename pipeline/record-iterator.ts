import type { Chunk } from './chunk.ts';

/**
 * Chunks read a record at a time. Written by hand because a generator costs three times as much per record, and this is
 * on the way of everybody who writes `for await (const record of pipeline)`.
 */
export class RecordIterator<T> implements AsyncIterator<T> {
  readonly #chunks: AsyncIterator<Chunk<T>>;
  #chunk: Chunk<T> | undefined;
  #at = 0;
  // The request in progress: those that come before it is answered wait in line.
  #tail: Promise<unknown> | undefined;

  constructor(chunks: AsyncIterable<Chunk<T>>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  next(): Promise<IteratorResult<T>> {
    const chunk = this.#chunk;
    if (!this.#tail && chunk && this.#at < chunk.length) {
      return Promise.resolve({ done: false, value: chunk.get(this.#at++) });
    }
    return this.#inLine(() => this.#advance());
  }

  return(): Promise<IteratorResult<T>> {
    return this.#inLine(async () => {
      this.#chunk = undefined;
      await this.#chunks.return?.();
      return { done: true, value: undefined };
    });
  }

  async #advance(): Promise<IteratorResult<T>> {
    while (!this.#chunk || this.#at >= this.#chunk.length) {
      const result = await this.#chunks.next();
      if (result.done) return { done: true, value: undefined };
      this.#chunk = result.value;
      this.#at = 0;
    }
    return { done: false, value: this.#chunk.get(this.#at++) };
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
