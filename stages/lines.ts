import {
  arrivals,
  ColumnChunk,
  ConstantColumn,
  defineStage,
  Int32Column,
  MillraceError,
  type Origin,
  Trail,
  Utf8Column,
} from '../pipeline/index.ts';
import { sharedKernels, WORD } from './kernels/kernels.ts';
import type { Block, Line } from './records.ts';

/** Rows to a chunk at most: a block of short lines would else make a chunk that is long in coming. */
const MOST_ROWS = 4096;

/** The longest line: a string could not be longer, and whoever asks for the text of a line gets one. */
const MOST_BYTES = 2 ** 29;

const NEWLINE = 10;
const RETURN = 13;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/**
 * Blocks of bytes to lines of text. A line ends with `\n` or `\r\n`, or with its file; a byte order mark at the start of
 * a file is left out. No string is made: a line is a range of its block's bytes until someone reads its `text`.
 */
export const lines = defineStage<Block, Line>({
  name: 'lines',
  // A line may begin in one block and end in another.
  remote: { module: import.meta.url, export: 'lines', withSource: true },
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
          checkLength(rest, { ...origin, line: place.line });
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
          const { table } = lineTable(whole, 0, whole.length, origin, line);
          if (table.length > 0) yield table;
        }
        rest = end < bytes.length ? [bytes.subarray(end)] : [];
        const buffer = asBuffer(bytes);
        while (start < end) {
          const { line } = place;
          const { table, next: after } = lineTable(buffer, start, end, origin, line);
          start = after;
          place = { block, bytes: before + after, line: line + table.length };
          // A file may be a byte order mark and no more.
          if (table.length > 0) yield table;
        }
        if (rest.length === 0) place = { block: block + 1, bytes: 0, line: last ? 1 : place.line };
      }
    }
  },
});

/** Where a stopped run was: so many blocks and bytes on, at this line. */
type Place = { readonly skip: number; readonly bytes: number; readonly line: number };

/** Before the memory of a line that does not end is all that there is. */
function checkLength(parts: readonly Uint8Array[], origin: Origin): void {
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  if (bytes <= MOST_BYTES) return;
  throw new MillraceError('MILLRACE_BAD_RECORD', 'The line is too long', {
    origin,
    expected: `at most ${MOST_BYTES} bytes`,
    found: `${bytes} and more`,
    hint: 'Is this a text file with its lines apart by newlines?',
  });
}

/** The first lines in `bytes` from `start` to `end`, numbered from `first`, and where the next one begins. */
function lineTable(bytes: Buffer, start: number, end: number, origin: Origin, first: number) {
  if (first === 1 && BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte)) start = BYTE_ORDER_MARK.length;
  const { starts, ends, next } = findLines(bytes, start, end, MOST_ROWS);
  const numbers = new Int32Array(starts.length);
  for (let row = 0; row < numbers.length; row++) numbers[row] = first + row;
  const table = new ColumnChunk<Line>({
    text: new Utf8Column(bytes, starts, ends),
    'origin.source': new ConstantColumn(origin.source, starts.length),
    'origin.entry': new ConstantColumn(origin.entry, starts.length),
    'origin.line': new Int32Column(numbers),
  });
  return { table, next };
}

function findLines(bytes: Uint8Array, start: number, end: number, most: number) {
  const kernels = sharedKernels();
  const starts = kernels.reserve(2 * most * WORD);
  const ends = starts + most * WORD;
  const base = kernels.placeText(bytes, start, end);
  const count = kernels.run.findLines(base, start, end, starts, ends, most);
  const found = { starts: kernels.copyOf(starts, count), ends: kernels.copyOf(ends, count) };
  if (count < most) return { ...found, next: end };
  const last = found.ends[count - 1] as number;
  return { ...found, next: Math.min(end, last + (bytes[last] === RETURN ? 2 : 1)) };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
