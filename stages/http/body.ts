/** What a server sends, piece by piece. */
import type { Readable } from 'node:stream';

/** How many pieces may wait for their reader where it can be helped; each is some 64 KiB at most. */
const MOST_WAITING = 64;

/**
 * The bytes of an answer, all those that came before it broke off included: a stream that fails throws away what nobody
 * has read yet, and a download from a server that breaks off again and again would never get further.
 */
export class Body {
  readonly #stream: Readable;
  readonly #waiting: Uint8Array[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake = (): void => {};

  /**
   * @param staysOpen whether the server says that it keeps the connection: undici 7 dies of one that is closed while an
   * answer is paused (nodejs/undici#5360), so another is read as fast as it comes
   */
  constructor(stream: Readable, staysOpen: boolean) {
    this.#stream = stream;
    stream.on('data', (piece: Uint8Array) => {
      this.#waiting.push(piece);
      if (staysOpen && this.#waiting.length >= MOST_WAITING) stream.pause();
      this.#wake();
    });
    const ended = (error?: unknown) => {
      this.#end ??= { error };
      this.#wake();
    };
    stream.on('end', () => ended()).on('error', ended);
    stream.on('close', () => ended(new Error('closed')));
  }

  /** @throws whatever broke it off */
  async *pieces(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const piece = this.#waiting.shift();
      if (piece) {
        if (this.#waiting.length < MOST_WAITING && !this.#end) this.#stream.resume();
        yield piece;
      } else if (this.#end) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  /** Lets go of what has not been read. */
  discard(): void {
    this.#stream.destroy();
  }
}
