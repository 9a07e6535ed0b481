import { Utf8Column, Utf8ListColumn } from '../../pipeline/columns.ts';

/** About how many a sentence has. */
const USUAL_TOKENS = 16;

/** Where the tokens of one text are, or of many that lie in the same memory. */
export class TokenRanges {
  #starts: Int32Array;
  #ends: Int32Array;
  #length = 0;
  /** What is added to the places of tokens that are put in: where their text begins. */
  offset = 0;

  /** @param room for so many tokens at first; it grows */
  constructor(room = USUAL_TOKENS) {
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

  /** The places as a column of texts, if what they lie in is this. */
  itemsOf(data: Uint8Array): Utf8Column {
    return new Utf8Column(data, this.#starts.slice(0, this.#length), this.#ends.slice(0, this.#length));
  }

  #grow(): void {
    const [starts, ends] = [this.#starts, this.#ends];
    this.#starts = new Int32Array(2 * this.#length);
    this.#ends = new Int32Array(2 * this.#length);
    this.#starts.set(starts);
    this.#ends.set(ends);
  }
}

/**
 * The tokens of a column of texts, as ranges of its bytes; none if a text is missing or is declined.
 *
 * @param cut finds the tokens of the text in `data` from `start` to `end`, or declines it by answering false
 */
export function cutColumn(
  { data, starts, ends }: Utf8Column,
  cut: (data: Uint8Array, start: number, end: number, tokens: TokenRanges) => boolean,
): Utf8ListColumn | undefined {
  const tokens = new TokenRanges(USUAL_TOKENS * starts.length);
  const firsts = new Int32Array(starts.length);
  const lasts = new Int32Array(starts.length);
  for (let row = 0; row < starts.length; row++) {
    const start = starts[row] as number;
    const end = ends[row] as number;
    if (start < 0) return undefined;
    // A corpus has several hypotheses to a premise, in a row: they share its tokens, and all that is made of them.
    if (row > 0 && equalBytes(data, start, end, starts[row - 1] as number, ends[row - 1] as number)) {
      firsts[row] = firsts[row - 1] as number;
    } else {
      firsts[row] = tokens.length;
      if (!cut(data, start, end, tokens)) return undefined;
    }
    lasts[row] = tokens.length;
  }
  return new Utf8ListColumn(tokens.itemsOf(data), firsts, lasts);
}

function equalBytes(data: Uint8Array, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let i = 0; i < end - start; i++) if (data[start + i] !== data[otherStart + i]) return false;
  return true;
}
