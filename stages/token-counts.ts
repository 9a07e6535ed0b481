import type { Utf8Column } from '../pipeline/columns.ts';
import { TokenTable } from './token-table.ts';

/** Half of a surrogate pair, which UTF-8 cannot hold. */
const HALF_PAIR = /\p{Surrogate}/u;

/**
 * How often each of a stream of tokens occurs, in memory for a given number of distinct ones. As long as there are no
 * more, all counts are exact.
 *
 * Frequent items after Misra and Gries (Finding repeated elements, 1982), by the rule of Agarwal et al. (Mergeable
 * summaries, 2012) for many counters at a time, with what was missed kept beside each counter as Manku and Motwani do
 * (Approximate frequency counts over data streams, 2002). A token's bound is its count and what may have been missed
 * before it was last put in: no token is more frequent than its bound. When there is one token too many, half of them
 * stay, those with the highest bounds; the highest bound of those that go, E, is what may have been missed of a token that
 * is put in from then on. So
 *
 * - a token that is held occurred at least as often as its count says, and at most E times more often; one that has been
 *   held from its first occurrence on, as frequent ones are, has an exact count;
 * - a token that is not held occurred at most E times;
 * - E is at most N / (m / 2 + 1), for N tokens in all and m distinct ones held at most (m / 2 rounded down): each time that
 *   E grows by d, the m / 2 + 1 highest bounds each lose d of what they have above E, of which there is N in all.
 *
 * Which tokens are held depends on the tokens and their order alone.
 */
export class TokenCounts {
  readonly #most: number;
  #plain = new Tally();
  // Tokens that UTF-8 cannot hold, as JSON, which writes halves of pairs in ASCII.
  #odd = new Tally();
  #scratch: Uint8Array = Buffer.alloc(256);
  #total = 0;
  #missed = 0;

  /** @param most how many distinct tokens to hold at a time; default no limit */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** Counts the token in `bytes` from `start` to `end`, as UTF-8. */
  addBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#add(this.#plain, bytes, start, end);
  }

  /** Whether so many tokens more can be held for certain, whichever they are. */
  hasRoomFor(tokens: number): boolean {
    return this.size + tokens <= this.#most;
  }

  /** Counts each token so many times. There must be room for them. */
  addAll(tokens: Utf8Column, times: Int32Array): void {
    for (let token = 0; token < times.length; token++) this.#total += times[token] as number;
    this.#plain.addAll(tokens, times, this.#missed);
  }

  /** Counts a token. */
  add(token: string): void {
    if (token.length > this.#scratch.length) this.#scratch = Buffer.alloc(2 * token.length);
    const bytes = this.#scratch;
    // ASCII, which most tokens are, is its own code.
    for (let i = 0; i < token.length; i++) {
      const unit = token.charCodeAt(i);
      if (unit >= 0x80) {
        this.#addWide(token);
        return;
      }
      bytes[i] = unit;
    }
    this.#add(this.#plain, bytes, 0, token.length);
  }

  /** How many distinct tokens are held. */
  get size(): number {
    return this.#plain.size + this.#odd.size;
  }

  /** The most by which a count may be too low, and that a token which is not held may have occurred: E; 0 if all is exact. */
  get undercount(): number {
    return this.#missed;
  }

  /** Of how many tokens the occurrences are in no count. */
  get forgotten(): number {
    return this.#total - this.#plain.total - this.#odd.total;
  }

  /** The counts so far; the map is the caller's. */
  toMap(): Map<string, number> {
    const all = new Map<string, number>();
    this.#plain.each((token, count) => all.set(token, count));
    this.#odd.each((token, count) => all.set(JSON.parse(token), count));
    return all;
  }

  #add(tally: Tally, bytes: Uint8Array, start: number, end: number): void {
    this.#total++;
    if (tally.add(bytes, start, end, this.#missed) && this.size > this.#most) this.#forget();
  }

  #addWide(token: string): void {
    const odd = HALF_PAIR.test(token);
    const bytes = Buffer.from(odd ? JSON.stringify(token) : token);
    this.#add(odd ? this.#odd : this.#plain, bytes, 0, bytes.length);
  }

  #forget(): void {
    const bounds = Float64Array.from([...this.#plain.bounds(), ...this.#odd.bounds()]).sort();
    const stay = Math.floor(this.#most / 2);
    this.#missed = bounds[bounds.length - 1 - stay] as number;
    this.#plain = this.#plain.above(this.#missed);
    this.#odd = this.#odd.above(this.#missed);
  }
}

/** Tokens, each with its count and what may have been missed of it. */
class Tally {
  readonly #table = new TokenTable();
  readonly #counts: number[] = [];
  readonly #missed: number[] = [];

  get size(): number {
    return this.#counts.length;
  }

  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * @param missed what may have been missed of the token, if it is new
   * @returns whether it is new
   */
  add(bytes: Uint8Array, start: number, end: number, missed: number): boolean {
    const counts = this.#counts;
    const number = this.#table.add(bytes, start, end);
    const isNew = number === counts.length;
    if (isNew) {
      counts.push(1);
      this.#missed.push(missed);
    } else counts[number] = (counts[number] as number) + 1;
    return isNew;
  }

  /** Adds each token so many times. */
  addAll(tokens: Utf8Column, times: Int32Array, missed: number): void {
    const numbers = this.#table.addAll(tokens);
    const counts = this.#counts;
    for (let token = 0; token < numbers.length; token++) {
      const number = numbers[token] as number;
      const count = times[token] as number;
      if (number === counts.length) {
        counts.push(count);
        this.#missed.push(missed);
      } else counts[number] = (counts[number] as number) + count;
    }
  }

  bounds(): number[] {
    return this.#counts.map((count, number) => count + (this.#missed[number] as number));
  }

  /** The tokens whose bound is above `least`, in a table of their own: tables don't shrink. */
  above(least: number): Tally {
    const kept = new Tally();
    this.bounds().forEach((bound, number) => {
      if (bound <= least) return;
      const token = Buffer.from(this.#table.token(number));
      kept.#table.add(token, 0, token.length);
      kept.#counts.push(this.#counts[number] as number);
      kept.#missed.push(this.#missed[number] as number);
    });
    return kept;
  }

  each(visit: (token: string, count: number) => void): void {
    this.#counts.forEach((count, number) => {
      visit(this.#table.token(number), count);
    });
  }
}
