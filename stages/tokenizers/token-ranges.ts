import { Utf8Column, Utf8ListColumn } from '../../pipeline/columns.ts';

/** Where the tokens of one text are, or of many that lie in the same memory. */
export class TokenRanges {
  #starts: Int32Array;
  #ends: Int32Array;
  #length = 0;
  /** What is added to the places of tokens that are put in: where their text begins. */
  offset = 0;

  /** @param room how many tokens there may be at first; it grows */
  constructor(room: number) {
    this.#starts = new Int32Array(room);
    this.#ends = new Int32Array(room);
  }

  get length(): number {
    return this.#length;
  }

  push(start: number, end: number): void {
    const token = this.#length++;
    if (token >= this.#starts.length) this.#grow();
    this.#starts[token] = start + this.offset;
    this.#ends[token] = end + this.offset;
  }

  clear(): void {
    this.#length = 0;
  }

  /** The tokens, if they are those of this text. */
  of(text: string): string[] {
    const tokens: string[] = [];
    for (let token = 0; token < this.#length; token++) tokens.push(text.slice(this.#starts[token], this.#ends[token]));
    return tokens;
  }

  /**
   * The tokens of many texts.
   *
   * @param data where the texts lie
   * @param lengths how many tokens there were before the first text, and after each of them
   */
  columnOf(data: Uint8Array, lengths: Int32Array): Utf8ListColumn {
    const items = new Utf8Column(data, this.#starts.slice(0, this.#length), this.#ends.slice(0, this.#length));
    return new Utf8ListColumn(items, lengths.subarray(0, -1), lengths.subarray(1));
  }

  #grow(): void {
    const [starts, ends] = [this.#starts, this.#ends];
    this.#starts = new Int32Array(2 * this.#length);
    this.#ends = new Int32Array(2 * this.#length);
    this.#starts.set(starts);
    this.#ends.set(ends);
  }
}
