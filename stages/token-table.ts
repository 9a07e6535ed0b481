import { decodeUtf8, type Utf8Column } from '../pipeline/columns.ts';
import { Kernels, WORD } from './kernels/kernels.ts';

/** No token; and what the kernel says of one beyond ASCII, since other bytes may stand for the same token. */
const ABSENT = -1;
const ABSENT_BEYOND_ASCII = -2;

/**
 * Distinct tokens, numbered from 0 in the order in which they came, found by their UTF-8 bytes: what a map of strings
 * does, without making a string of each token that is looked up, which costs several times as much.
 *
 * Two runs of bytes are the same token if they decode to the same string: what is no UTF-8 is U+FFFD.
 *
 * The table itself is in WebAssembly's memory: `kernels/assembly/tokens.ts`.
 */
export class TokenTable {
  readonly #kernels = new Kernels();

  /** How many tokens there are. */
  get size(): number {
    return this.#kernels.run.tokenCount();
  }

  /** The number of the token in `bytes` from `start` to `end`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const { run } = this.#kernels;
    const found = this.#placeOne(bytes, start, end, run.findToken);
    if (found !== ABSENT) return found;
    const canonical = canonicalBytes(bytes, start, end);
    return canonical ? this.#placeOne(canonical, 0, canonical.length, run.findToken) : ABSENT;
  }

  /** The number of each token, or -1. */
  findAll(tokens: Utf8Column): Int32Array {
    const { base, starts, ends, numbers } = this.#place(tokens);
    const beyond = this.#kernels.run.findTokens(base, starts, ends, tokens.length, numbers);
    const found = this.#kernels.copyOf(numbers, tokens.length);
    if (!beyond) return found;
    for (let token = 0; token < found.length; token++) {
      if (found[token] !== ABSENT_BEYOND_ASCII) continue;
      found[token] = this.find(tokens.data, tokens.starts[token] as number, tokens.ends[token] as number);
    }
    return found;
  }

  /** The number of the token in `bytes` from `start` to `end`, which is put in if it is new. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const canonical = canonicalBytes(bytes, start, end);
    const { addToken } = this.#kernels.run;
    return canonical
      ? this.#placeOne(canonical, 0, canonical.length, addToken)
      : this.#placeOne(bytes, start, end, addToken);
  }

  /** The number of each token; those that are new are put in, in turn. */
  addAll(tokens: Utf8Column): Int32Array {
    const { length } = tokens;
    const { base, starts, ends, numbers } = this.#place(tokens);
    const { addTokens } = this.#kernels.run;
    for (let next = 0; next < length; next++) {
      const at = next * WORD;
      next += addTokens(base, starts + at, ends + at, length - next, numbers + at);
      // The one that it stopped at is new and beyond ASCII.
      if (next === length) break;
      const number = this.add(tokens.data, tokens.starts[next] as number, tokens.ends[next] as number);
      this.#kernels.integers(numbers + next * WORD, 1)[0] = number;
    }
    return this.#kernels.copyOf(numbers, length);
  }

  /** The token of that number, which is not checked. */
  token(number: number): string {
    const { tokenStart, tokenEnd } = this.#kernels.run;
    return decodeUtf8(this.#kernels.memory, tokenStart(number), tokenEnd(number));
  }

  /** Copies tokens and their ranges in. */
  #place(tokens: Utf8Column) {
    const { length } = tokens;
    const starts = this.#kernels.reserve(3 * length * WORD);
    const ends = starts + length * WORD;
    const base = this.#kernels.placeRanges(tokens);
    this.#kernels.integers(starts, length).set(tokens.starts);
    this.#kernels.integers(ends, length).set(tokens.ends);
    return { base, starts, ends, numbers: ends + length * WORD };
  }

  /** Copies one token in, beside whatever is placed, and calls a kernel with its address. */
  #placeOne(bytes: Uint8Array, start: number, end: number, kernel: (start: number, end: number) => number): number {
    const at = this.#kernels.reserveAside(end - start);
    const { memory } = this.#kernels;
    for (let i = start; i < end; i++) memory[at + i - start] = bytes[i] as number;
    return kernel(at, at + end - start);
  }
}

/** What the bytes are once decoded and encoded again, where that is something else: bytes that are no UTF-8. */
function canonicalBytes(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  let ascii = true;
  for (let i = start; i < end && ascii; i++) ascii = (bytes[i] as number) < 0x80;
  if (ascii) return undefined;
  const own = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  const canonical = Buffer.from(decodeUtf8(bytes, start, end));
  return canonical.equals(own) ? undefined : canonical;
}
