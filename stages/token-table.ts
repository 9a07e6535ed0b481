import { decodeUtf8, Int32ListColumn, type Utf8Column } from '../pipeline/columns.ts';
import { sharedKernels, WORD } from './kernels/kernels.ts';
import { type Leaves, placeLeaves } from './leaves.ts';

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
  readonly #kernels = sharedKernels();
  readonly #table = this.#kernels.run.newTable();

  constructor() {
    abandoned.register(this, this.#table);
  }

  /** How many tokens there are. */
  get size(): number {
    return this.#kernels.run.tokenCount(this.#table);
  }

  /** The number of the token in `bytes` from `start` to `end`, or -1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const { run } = this.#kernels;
    const found = this.#withOne(bytes, start, end, run.findToken);
    if (found !== ABSENT) return found;
    const canonical = canonicalBytes(bytes, start, end);
    return canonical ? this.#withOne(canonical, 0, canonical.length, run.findToken) : ABSENT;
  }

  /** The number of each token, or -1. */
  findAll(tokens: Utf8Column): Int32Array {
    const { length } = tokens;
    const { base, starts, ends } = this.#kernels.place(tokens);
    const numbers = this.#kernels.reserve(length * WORD);
    const beyond = this.#kernels.run.findTokens(this.#table, base, starts, ends, length, 0, numbers);
    const found = this.#kernels.copyOf(numbers, length);
    if (!beyond) return found;
    for (let token = 0; token < length; token++) {
      if (found[token] !== ABSENT_BEYOND_ASCII) continue;
      found[token] = this.find(tokens.data, tokens.starts[token] as number, tokens.ends[token] as number);
    }
    return found;
  }

  /**
   * The number of each leaf of each parse, or -1: what {@link findAll} gives for the tokens of {@link leafTokens}, which
   * are not made.
   */
  findLeaves({ parses, lowered }: Leaves): Int32ListColumn {
    const kernels = this.#kernels;
    const { base, leafStarts, leafEnds, count, firsts, lasts, numbers } = placeLeaves(kernels, parses);
    const beyond = kernels.run.findTokens(this.#table, base, leafStarts, leafEnds, count, lowered ? 1 : 0, numbers);
    const found = kernels.copyOf(numbers, count);
    const { length } = parses;
    const lists = new Int32ListColumn(found, kernels.copyOf(firsts, length), kernels.copyOf(lasts, length));
    if (!beyond) return lists;
    const [starts, ends] = [kernels.copyOf(leafStarts, count), kernels.copyOf(leafEnds, count)];
    for (let leaf = 0; leaf < count; leaf++) {
      if (found[leaf] !== ABSENT_BEYOND_ASCII) continue;
      const [start, end] = [starts[leaf] as number, ends[leaf] as number];
      const own = lowered ? Buffer.from(decodeUtf8(parses.data, start, end).toLowerCase()) : undefined;
      found[leaf] = own ? this.find(own, 0, own.length) : this.find(parses.data, start, end);
    }
    return lists;
  }

  /** The number of the token in `bytes` from `start` to `end`, which is put in if it is new. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const canonical = canonicalBytes(bytes, start, end);
    const { addToken } = this.#kernels.run;
    return canonical
      ? this.#withOne(canonical, 0, canonical.length, addToken)
      : this.#withOne(bytes, start, end, addToken);
  }

  /** The number of each token; those that are new are put in, in turn. */
  addAll(tokens: Utf8Column): Int32Array {
    const { length } = tokens;
    const { base, starts, ends } = this.#kernels.place(tokens);
    const numbers = this.#kernels.reserve(length * WORD);
    const { addTokens } = this.#kernels.run;
    const beyondAscii: [token: number, number: number][] = [];
    for (let next = 0; next < length; next++) {
      const at = next * WORD;
      next += addTokens(this.#table, base, starts + at, ends + at, length - next, numbers + at);
      // The one that it stopped at is new and beyond ASCII.
      if (next < length) {
        const number = this.add(tokens.data, tokens.starts[next] as number, tokens.ends[next] as number);
        beyondAscii.push([next, number]);
      }
    }
    const found = this.#kernels.copyOf(numbers, length);
    for (const [token, number] of beyondAscii) found[token] = number;
    return found;
  }

  /** The token of that number, which is not checked. */
  token(number: number): string {
    const { tokenStart, tokenEnd } = this.#kernels.run;
    return decodeUtf8(this.#kernels.memory, tokenStart(this.#table, number), tokenEnd(this.#table, number));
  }

  #withOne(
    bytes: Uint8Array,
    start: number,
    end: number,
    kernel: (table: number, start: number, end: number) => number,
  ): number {
    const address = this.#kernels.placeFew(bytes, start, end);
    return kernel(this.#table, address, address + end - start);
  }
}

/** A table stays in the kernels' memory for as long as someone may ask it. */
const abandoned = new FinalizationRegistry<number>((table) => sharedKernels().run.releaseTable(table));

/** What the bytes are once decoded and encoded again, where that is something else: bytes that are no UTF-8. */
function canonicalBytes(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
  let ascii = true;
  for (let i = start; i < end && ascii; i++) ascii = (bytes[i] as number) < 0x80;
  if (ascii) return undefined;
  const own = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  const canonical = Buffer.from(decodeUtf8(bytes, start, end));
  return canonical.equals(own) ? undefined : canonical;
}
