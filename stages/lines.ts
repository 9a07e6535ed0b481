import {
  arrivals,
  ColumnChunk,
  ConstantColumn,
  defineStage,
  Int32Column,
  type Origin,
  Trail,
  Utf8Column,
} from '../pipeline/index.ts';
import type { Block, Line } from './records.ts';

/** Rows to a chunk at most: a block of short lines would else make a chunk that is long in coming. */
const MOST_ROWS = 1024;

const NEWLINE = 10;
const RETURN = 13;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Blocks of bytes to lines of text. A line ends with `\n` or `\r\n`, or with its file; a byte order mark at the start of
 * a file is left out. No string is made: a line is a range of its block's bytes until someone reads its `text`.
 */
export const lines = defineStage<Block, Line>({
  name: 'lines',
  async *stream(source, context) {
    const stopped = context.resumed as Place | undefined;
    // The unfinished line at the end of the blocks so far; in parts, since a line may be longer than many blocks.
    let rest: Uint8Array[] = [];
    // Where the next line begins: in which block, by its ordinal, behind how many of its bytes, and as which line.
    let place = { block: 0, bytes: stopped?.bytes ?? 0, line: stopped?.line ?? 1 };
    const trail = new Trail();
    context.onCheckpoint(() => {
      const { block, bytes, line } = place;
      const { from, skip } = trail.locate(block, context);
      return { from, own: () => ({ skip, bytes, line }) };
    });
    let next = 0;
    let read = place.bytes;
    for await (const arrival of arrivals(source, context, stopped?.skip)) {
      trail.forget(place.block);
      trail.arrive(arrival);
      for (const { bytes: all, origin, last } of arrival.chunk) {
        const block = next++;
        const before = read;
        const bytes = before > 0 ? all.subarray(before) : all;
        read = 0;
        const end = last ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1;
        if (end === 0 && !last) {
          rest.push(bytes);
          continue;
        }
        let start = 0;
        if (rest.length > 0) {
          // Only the line across the edge is put together in memory of its own.
          const newline = bytes.indexOf(NEWLINE);
          start = newline < 0 ? end : newline + 1;
          const whole = Buffer.concat([...rest, bytes.subarray(0, start)]);
          const { line } = place;
          place = { block, bytes: before + start, line: line + 1 };
          yield lineTable(whole, 0, whole.length, origin, line);
        }
        rest = end < bytes.length ? [bytes.subarray(end)] : [];
        const { line } = place;
        const table = lineTable(asBuffer(bytes), start, end, origin, line);
        for (let row = 0; row < table.length; row += MOST_ROWS) {
          const to = Math.min(row + MOST_ROWS, table.length);
          place = { block, bytes: before + (to < table.length ? startOf(table, to) : end), line: line + to };
          yield table.slice(row, to);
        }
        if (rest.length === 0) place = { block: block + 1, bytes: 0, line: last ? 1 : place.line };
      }
    }
  },
});

/** Where a stopped run was: so many blocks and bytes on, at this line. */
type Place = { readonly skip: number; readonly bytes: number; readonly line: number };

function startOf(table: ColumnChunk<Line>, row: number): number {
  return (table.columns.text as Utf8Column).starts[row] as number;
}

/** The lines in `bytes` from `start` to `end`, numbered from `first`. */
function lineTable(bytes: Buffer, start: number, end: number, origin: Origin, first: number): ColumnChunk<Line> {
  const starts: number[] = [];
  const ends: number[] = [];
  if (first === 1 && BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte)) start = BYTE_ORDER_MARK.length;
  while (start < end) {
    const newline = bytes.indexOf(NEWLINE, start);
    const stop = newline < 0 || newline >= end ? end : newline;
    starts.push(start);
    ends.push(stop > start && stop < end && bytes[stop - 1] === RETURN ? stop - 1 : stop);
    start = stop + 1;
  }
  const count = starts.length;
  return new ColumnChunk<Line>({
    text: new Utf8Column(bytes, new Int32Array(starts), new Int32Array(ends)),
    'origin.source': new ConstantColumn(origin.source, count),
    'origin.entry': new ConstantColumn(origin.entry, count),
    'origin.line': new Int32Column(Int32Array.from({ length: count }, (_, row) => first + row)),
  });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
