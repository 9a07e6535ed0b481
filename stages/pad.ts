import type { PaddedSequences } from './records.ts';
import { PAD_ID } from './vocabulary.ts';

/**
 * Sequences side by side: row-major `[rows, width]`, short rows filled with `<pad>`.
 *
 * @param width columns; rows that are longer are cut. Default the longest row, at least 1
 */
export function padSequences(rows: readonly ArrayLike<number>[], width = longest(rows)): PaddedSequences {
  const ids = new Int32Array(rows.length * width).fill(PAD_ID);
  const lengths = new Int32Array(rows.length);
  rows.forEach((row, r) => {
    const length = Math.min(row.length, width);
    lengths[r] = length;
    for (let i = 0; i < length; i++) ids[r * width + i] = row[i] as number;
  });
  return { ids, lengths, width };
}

function longest(rows: readonly ArrayLike<number>[]): number {
  return rows.reduce((most, row) => Math.max(most, row.length), 1);
}

/** How many cells of padded sequences there are, and how many of them are padding. */
export interface Padding {
  readonly cells: number;
  readonly padding: number;
}

/** What padding costs in one batch's sequences. */
export function paddingOf({ lengths, width }: PaddedSequences): Padding {
  const cells = lengths.length * width;
  return { cells, padding: cells - lengths.reduce((sum, length) => sum + length, 0) };
}
