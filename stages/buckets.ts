import type { HeldOrdinals, Int32ListColumn } from '../pipeline/index.ts';
import { type HeldChunk, HeldRecords } from './held.ts';
import type { Text } from './sentences.ts';

/** When a bucket is a batch: at so many records, or before its cells, padding included, are more than so many. */
export type BatchLimit = { readonly size: number } | { readonly tokens: number };

/** Records by length, each with its ordinal: what `bucket` holds back. */
export class Buckets<T extends Text> {
  /** Where each bucket but the last ends. */
  readonly boundaries: readonly number[];
  readonly #limit: BatchLimit;
  readonly #buckets: Bucket<T>[];

  constructor(boundaries: readonly number[], limit: BatchLimit) {
    this.boundaries = boundaries;
    this.#limit = limit;
    this.#buckets = Array.from({ length: boundaries.length + 1 }, () => new Bucket<T>());
  }

  /** Puts a record into its bucket; answers the batch that is due by that, if one is. */
  add(chunk: HeldChunk<T>, row: number, ordinal: number): HeldRecords<T> | undefined {
    const index = this.#indexFor(longestOf(chunk, row));
    const bucket = this.#buckets[index] as Bucket<T>;
    const limit = this.#limit;
    if ('size' in limit) {
      bucket.add(chunk, row, ordinal);
      return bucket.records.length < limit.size ? undefined : this.#empty(index);
    }
    const lengths = chunk.ids.map((column) => lengthAt(column, row));
    const due = bucket.records.length > 0 && bucket.cellsWith(lengths) > limit.tokens ? this.#empty(index) : undefined;
    const into = this.#buckets[index] as Bucket<T>;
    into.widen(lengths);
    into.add(chunk, row, ordinal);
    return due;
  }

  /** The records of the first bucket that is not empty, if there is one; it is empty then. */
  shift(): HeldRecords<T> | undefined {
    const index = this.#buckets.findIndex(({ records }) => records.length > 0);
    return index < 0 ? undefined : this.#empty(index);
  }

  /** How many records are held. */
  get size(): number {
    return this.#buckets.reduce((sum, { records }) => sum + records.length, 0);
  }

  /** All records held, by their ordinals. A bucket's list only grows until it is given up, so its length tells what it was. */
  held(): HeldOrdinals {
    const lists = this.#buckets.map(({ ordinals }) => ({ ordinals, length: ordinals.length }));
    const firsts = lists.filter(({ length }) => length > 0).map(({ ordinals }) => ordinals[0] as number);
    return {
      earliest: firsts.length > 0 ? Math.min(...firsts) : undefined,
      list: () => lists.flatMap(({ ordinals, length }) => ordinals.slice(0, length)),
    };
  }

  /** The first bucket that so long a sentence fits in. */
  #indexFor(longest: number): number {
    const { boundaries } = this;
    let index = 0;
    while (index < boundaries.length && (boundaries[index] as number) < longest) index++;
    return index;
  }

  #empty(index: number): HeldRecords<T> {
    const { records } = this.#buckets[index] as Bucket<T>;
    this.#buckets[index] = new Bucket<T>();
    return records;
  }
}

/** How many tokens the longest sentence of a record has. */
export function longestOf({ ids }: HeldChunk<Text>, row: number): number {
  let longest = 0;
  for (let side = 0; side < ids.length; side++)
    longest = Math.max(longest, lengthAt(ids[side] as Int32ListColumn, row));
  return longest;
}

function lengthAt({ starts, ends }: Int32ListColumn, row: number): number {
  return (ends[row] as number) - (starts[row] as number);
}

class Bucket<T extends Text> {
  readonly records = new HeldRecords<T>();
  readonly ordinals: number[] = [];
  /** The longest premise and the longest hypothesis, or the longest sentence; known if there is a budget of cells. */
  #widths: readonly number[] = [];

  add(chunk: HeldChunk<T>, row: number, ordinal: number): void {
    this.records.push(chunk, row);
    this.ordinals.push(ordinal);
  }

  widen(lengths: readonly number[]): void {
    this.#widths = this.#widened(lengths);
  }

  /** Cells of the batch that these records and one more of such lengths would make. */
  cellsWith(lengths: readonly number[]): number {
    return (this.records.length + 1) * this.#widened(lengths).reduce((sum, width) => sum + width, 0);
  }

  #widened(lengths: readonly number[]): number[] {
    return lengths.map((length, side) => Math.max(length, this.#widths[side] ?? 1));
  }
}
