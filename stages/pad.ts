import { Int32ListColumn } from '../pipeline/index.ts';
import type { PaddedSequences } from './records.ts';
import { zeros } from './zeros.ts';

/** Lists of integers out of columns: each is that row of that column. */
export interface Lists {
  readonly columns: readonly Int32ListColumn[];
  readonly rows: readonly number[];
}

/**
 * Sequences side by side: row-major `[rows, width]`, short rows filled with `<pad>`.
 *
 * @param width columns; rows that are longer are cut. Default the longest row, at least 1
 */
export function padSequences(rows: readonly ArrayLike<number>[], width?: number): PaddedSequences {
  const column = Int32ListColumn.from(rows);
  return padLists({ columns: rows.map(() => column), rows: rows.map((_, row) => row) }, width);
}

/** As {@link padSequences}, of lists without nulls. */
export function padLists({ columns, rows }: Lists, width?: number): PaddedSequences {
  const count = rows.length;
  if (kept.length < count) kept = new Int32Array(2 * count);
  let across = width ?? 1;
  for (let i = 0; i < count; i++) {
    const { starts, ends } = columns[i] as Int32ListColumn;
    const row = rows[i] as number;
    const length = (ends[row] as number) - (starts[row] as number);
    kept[i] = width === undefined ? length : Math.min(length, width);
    if (width === undefined && length > across) across = length;
  }
  // Filled with the id of `<pad>`, which is 0.
  const ids = zeros(count * across);
  const lengths = zeros(count);
  for (let i = 0; i < count; i++) {
    const { values, starts } = columns[i] as Int32ListColumn;
    const length = kept[i] as number;
    lengths[i] = length;
    const from = starts[rows[i] as number] as number;
    const to = i * across;
    for (let k = 0; k < length; k++) ids[to + k] = values[from + k] as number;
  }
  return { ids, lengths, width: across };
}

/** Of each list of one call, how much is kept: from the first look at it to the second. */
let kept = new Int32Array(64);

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
