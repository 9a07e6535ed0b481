/** Takes bytes off a run of chunks, so many at a time. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** What has come and was not taken. */
  #rest: Uint8Array = new Uint8Array(0);
  /** How many bytes have been taken. */
  position = 0;

  readonly #signal: AbortSignal | undefined;

  /**
   * @param chunks whoever opened it closes it
   * @param signal ends the reading also of what has come
   */
  constructor(chunks: AsyncIterator<Uint8Array>, signal: AbortSignal | undefined) {
    this.#chunks = chunks;
    this.#signal = signal;
  }

  /** The next bytes in one piece: fewer than asked for where the end comes first. */
  async take(length: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const piece of this.pieces(length)) parts.push(piece);
    return Buffer.concat(parts);
  }

  /** The next bytes as they come, up to `length` of them. Who leaves early leaves the others where they are. */
  async *pieces(length: number): AsyncGenerator<Uint8Array, void> {
    for (let left = length; left > 0; ) {
      if (this.#rest.length === 0 && !(await this.#pull())) return;
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      this.position += piece.length;
      left -= piece.length;
      yield piece;
      this.#signal?.throwIfAborted();
    }
  }

  async #pull(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done) return false;
    this.#rest = next.value;
    return true;
  }
}
