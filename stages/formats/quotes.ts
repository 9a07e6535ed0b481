/** Quotes in the rows of a table, as far as they say where a row ends. */
import { type Chunk, ColumnChunk, Utf8Column } from '../../pipeline/index.ts';
import type { Line } from '../records.ts';

/**
 * Whether a quote is open at the end of a line.
 *
 * A quote opens a cell that it begins. Within, two of them stand for one, and a single one ends the quoting; what comes
 * between there and the next delimiter is text. So it is in csv-parse with `relax_quotes`, which reads the cells.
 */
export function endsOpen(text: string, delimiter: string, wasOpen: boolean): boolean {
  let at = 0;
  let open = wasOpen;
  if (!open && text.startsWith('"')) {
    open = true;
    at = 1;
  }
  for (;;) {
    if (!open) {
      const cell = text.indexOf(`${delimiter}"`, at);
      if (cell < 0) return false;
      at = cell + 2;
    }
    const quote = text.indexOf('"', at);
    if (quote < 0) return true;
    open = text[quote + 1] === '"';
    at = open ? quote + 2 : quote + 1;
  }
}

const QUOTE = 34;

/** Whether there is a quote in a row; of bytes without making texts of them. */
export function quoteFinder(chunk: Chunk<Line>): (row: number) => boolean {
  const column = chunk instanceof ColumnChunk ? chunk.columns.text : undefined;
  if (!(column instanceof Utf8Column)) return (row) => chunk.get(row).text.includes('"');
  const { data, starts, ends } = column;
  // There is none from one to the other.
  let from = 0;
  let quote = -1;
  return (row) => {
    const start = starts[row] as number;
    if (start < from || start > quote) {
      from = start;
      const found = data.indexOf(QUOTE, start);
      quote = found < 0 ? Number.POSITIVE_INFINITY : found;
    }
    return quote < (ends[row] as number);
  };
}
