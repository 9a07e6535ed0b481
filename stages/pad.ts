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
  const lengths = new Int32Array(sequences.length);
  let columns = width ?? 1;
  for (let row = 0; row < lengths.length; row++) {
    sequences.seek(row);
    const length = sequences.end - sequences.start;
    lengths[row] = width === undefined ? length : Math.min(length, width);
    if (width === undefined && length > columns) columns = length;
  }
  // Memory comes filled with the id of `<pad>`, which is 0.
  const ids = new Int32Array(lengths.length * columns);
  for (let row = 0; row < lengths.length; row++) {
    sequences.seek(row);
    const { values, start } = sequences;
    const length = lengths[row] as number;
    for (let i = 0, to = row * columns; i < length; i++, to++) ids[to] = values[start + i] as number;
  }
  return { ids, lengths, width: columns };
}

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
