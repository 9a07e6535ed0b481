/**
 * How records travel: some hundreds at a time, because an asynchronous hop costs as much as parsing a row.
 *
 * A chunk is only a vehicle. Where one chunk ends and the next begins means nothing, and no stage may let it show.
 */
export interface Chunk<T> extends Iterable<T> {
  readonly length: number;
  /** Payload bytes that travel in this chunk, for the meter; 0 where nobody knows. */
  readonly bytes: number;
  /** The record at `index`, which may be a lazy view. `index` is not checked. */
  get(index: number): T;
  /** The records from `start` up to `end`, sharing memory with this chunk. */
  slice(start: number, end: number): Chunk<T>;
  /** The records at `rows`, in that order, sharing memory with this chunk. */
  take(rows: ArrayLike<number>): Chunk<T>;
}

/** A chunk of values that already exist as values. */
export class ArrayChunk<T> implements Chunk<T> {
  readonly #values: readonly T[];
  readonly bytes: number;

  /** @param values is kept, not copied */
  constructor(values: readonly T[], bytes = 0) {
    this.#values = values;
    this.bytes = bytes;
  }

  get length(): number {
    return this.#values.length;
  }

  get(index: number): T {
    return this.#values[index] as T;
  }

  slice(start: number, end: number): ArrayChunk<T> {
    return this.#part(this.#values.slice(start, end));
  }

  take(rows: ArrayLike<number>): ArrayChunk<T> {
    return this.#part(Array.from(rows, (row) => this.#values[row] as T));
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#values[Symbol.iterator]();
  }

  #part(values: T[]): ArrayChunk<T> {
    return new ArrayChunk(values, Math.round((this.bytes * values.length) / Math.max(1, this.length)));
  }
}

/** Records to a chunk where nothing better is known: past some hundreds a hop costs nothing per record. */
export const CHUNK_LENGTH = 256;
