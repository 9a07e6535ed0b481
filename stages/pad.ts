import type { PaddedSequences } from './records.ts';

/** Sequences that are looked at one at a time, wherever they are: after `seek` it is `values` from `start` to `end`. */
export interface Sequences {
  readonly length: number;
  readonly values: ArrayLike<number>;
  readonly start: number;
  readonly end: number;
  seek(index: number): void;
}

/**
 * Sequences side by side: row-major `[rows, width]`, short rows filled with `<pad>`.
 *
 * @param width columns; rows that are longer are cut. Default the longest row, at least 1
 */
export function padSequences(rows: Sequences | readonly ArrayLike<number>[], width?: number): PaddedSequences {
  const sequences = 'seek' in rows ? rows : new Rows(rows);
  const count = sequences.length;
  while (memories.length < count) memories.push(NOTHING);
  let columns = width ?? 1;
  for (let row = 0; row < count; row++) {
    sequences.seek(row);
    const length = sequences.end - sequences.start;
    memories[row] = sequences.values;
    starts[row] = sequences.start;
    kept[row] = width === undefined ? length : Math.min(length, width);
    if (width === undefined && length > columns) columns = length;
  }
  // One memory for both, since V8 takes longer to make a small one outside its heap than to fill it.
  const memory = new Int32Array(count * (columns + 1));
  const lengths = memory.subarray(count * columns);
  // It comes filled with the id of `<pad>`, which is 0.
  const ids = memory.subarray(0, count * columns);
  for (let row = 0; row < count; row++) {
    const values = memories[row] as ArrayLike<number>;
    const start = starts[row] as number;
    const length = kept[row] as number;
    lengths[row] = length;
    for (let i = 0, to = row * columns; i < length; i++, to++) ids[to] = values[start + i] as number;
    memories[row] = NOTHING;
  }
  return { ids, lengths, width: columns };
}

// Where the sequences of one call are, kept from the first look at them to the second.
const NOTHING: ArrayLike<number> = new Int32Array(0);
const memories: ArrayLike<number>[] = [];
const starts: number[] = [];
const kept: number[] = [];

/** Whole lists of numbers. */
class Rows implements Sequences {
  readonly #rows: readonly ArrayLike<number>[];
  values: ArrayLike<number> = [];
  readonly start = 0;

  constructor(rows: readonly ArrayLike<number>[]) {
    this.#rows = rows;
  }

  get length(): number {
    return this.#rows.length;
  }

  get end(): number {
    return this.values.length;
  }

  seek(index: number): void {
    this.values = this.#rows[index] as ArrayLike<number>;
  }
}

/** How many cells of padded sequences there are, and how many of them are padding. */
export interface Padding {
  readonly cells: number;
  readonly padding: number;
}

/** What padding costs in one batch's sequences. */
export function paddingOf({ lengths, width }: PaddedSequences): Padding {
  const cells = lengths.length * width;
  let padding = cells;
  for (let row = 0; row < lengths.length; row++) padding -= lengths[row] as number;
  return { cells, padding };
}
