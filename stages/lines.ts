import {
  type Chunk,
  ColumnChunk,
  ConstantColumn,
  defineStage,
  Int32Column,
  type Origin,
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
  async *stream(source) {
    // The unfinished line at the end of the blocks so far; in parts, since a line may be longer than many blocks.
    let rest: Uint8Array[] = [];
    let line = 1;
    for await (const chunk of source) {
      for (const { bytes, origin, last } of chunk) {
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
          yield lineTable(whole, 0, whole.length, origin, line++);
        }
        rest = end < bytes.length ? [bytes.subarray(end)] : [];
        const table = lineTable(asBuffer(bytes), start, end, origin, line);
        line = last ? 1 : line + table.length;
        for (let row = 0; row < table.length; row += MOST_ROWS) yield table.slice(row, row + MOST_ROWS);
      }
    }
  },
});

/** The lines in `bytes` from `start` to `end`, numbered from `first`. */
function lineTable(bytes: Buffer, start: number, end: number, origin: Origin, first: number): Chunk<Line> {
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
