import type { PaddedSequences } from './records.ts';

/** Sequences that lie in memory of any size: the `i`-th is `values[i]` from `starts[i]` to `ends[i]`. */
export interface Sequences {
  readonly values: readonly ArrayLike<number>[];
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/**
 * Sequences side by side: row-major `[rows, width]`, short rows filled with `<pad>`.
 *
 * @param width columns; rows that are longer are cut. Default the longest row, at least 1
 */
export function padSequences(rows: readonly ArrayLike<number>[], width?: number): PaddedSequences {
  const ends = Int32Array.from(rows, ({ length }) => length);
  return padRanges({ values: rows, starts: new Int32Array(rows.length), ends }, width);
}

/** As {@link padSequences}, of sequences that are parts of others. */
export function padRanges({ values, starts, ends }: Sequences, most?: number): PaddedSequences {
  const lengths = new Int32Array(values.length);
  let width = 1;
  for (let row = 0; row < lengths.length; row++) {
    const length = (ends[row] as number) - (starts[row] as number);
    lengths[row] = most === undefined ? length : Math.min(length, most);
    if (length > width) width = length;
  }
  if (most !== undefined) width = most;
  // Memory comes filled with the id of `<pad>`, which is 0.
  const ids = new Int32Array(lengths.length * width);
  for (let row = 0; row < lengths.length; row++) {
    const sequence = values[row] as ArrayLike<number>;
    const start = starts[row] as number;
    const length = lengths[row] as number;
    for (let i = 0, to = row * width; i < length; i++, to++) ids[to] = sequence[start + i] as number;
  }
  return { ids, lengths, width };
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
