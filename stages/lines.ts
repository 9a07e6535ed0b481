import { arrivals, type Chunk, defineStage, type Stage, type StageContext, Trail } from '../pipeline/index.ts';
import { endless, faultsIn, type LineOptions, type LineTable, lineTable } from './line-table.ts';
import type { Block, Line } from './records.ts';

/** The longest line by default: a string could not be longer, and whoever asks for the text of a line gets one. */
const MOST_BYTES = 2 ** 29;

const NEWLINE = 10;

/** The lines of text files: {@link splitLines} without options. */
export const lines: Stage<Block, Line> = splitLines();

/**
 * Blocks of bytes to lines of text. A line ends with `\n` or `\r\n`, or with its file; a byte order mark at the start of
 * a file is left out. No string is made: a line is a range of its block's bytes until someone reads its `text`.
 *
 * A NUL is a character like others, and so is a carriage return within a line. Of a line that is too long, nothing more is
 * kept once that is known.
 *
 * @throws MillraceError MILLRACE_NOT_TEXT for a file in UTF-16, or one with carriage returns and no newline at all;
 * MILLRACE_BAD_RECORD, subject to the error policy, for a line that the options refuse
 */
export function splitLines(options: LineOptions = {}): Stage<Block, Line> {
  const { invalid = 'replace', lineBytes = MOST_BYTES } = options;
  const rules = { invalid, lineBytes };
  return defineStage<Block, Line>({
    name: 'lines',
    ...(Object.keys(options).length > 0 && { options: rules }),
    // A line may begin in one block and end in another.
    remote: { module: import.meta.url, export: 'splitLines', args: [options], withSource: true },
    async *stream(source, context) {
      const stopped = context.resumed as (Place & { readonly skip: number }) | undefined;
      let place = { ...(stopped ?? START), block: 0 };
      // The unfinished line at the end of the blocks so far; in parts, since a line may be longer than many blocks.
      let rest: Uint8Array[] = [];
      let restBytes = 0;
      const trail = new Trail();
      context.onCheckpoint(() => {
        const { block, bytes, line, count, isOver } = place;
        const { from, skip } = trail.locate(block, context);
        return { from, own: () => ({ skip, bytes, line, count, isOver }) };
      });
      let next = 0;
      let read = place.bytes;
      for await (const arrival of arrivals(source, context, stopped?.skip)) {
        trail.forget(place.block);
        trail.arrive(arrival);
        for (const { bytes: all, origin, last } of arrival.chunk) {
          const block = next++;
          const before = read;
          const bytes = asBuffer(before > 0 ? all.subarray(before) : all);
          read = 0;
          // Where the lines that end here end.
          const end = last ? bytes.length : bytes.lastIndexOf(NEWLINE) + 1;
          let start = 0;
          if ((end > 0 || last) && (rest.length > 0 || place.isOver)) {
            start = bytes.indexOf(NEWLINE) + 1 || end;
            const { line: first, count, isOver } = place;
            place = { block, bytes: before + start, line: first + 1, count: count + 1, isOver: false };
            if (!isOver) {
              // Only the line across the edge is put together in memory of its own.
              const whole = Buffer.concat([...rest, bytes.subarray(0, start)]);
              const found = lineTable(whole, 0, whole.length, { origin, first, last: last && start === end });
              yield* sound(found, rules, count, context);
            }
            rest = [];
            restBytes = 0;
          }
          while (start < end) {
            const { line: first, count } = place;
            const found = lineTable(bytes, start, end, { origin, first, last });
            const { next: after, table } = found;
            start = after;
            place = {
              block,
              bytes: before + after,
              line: first + table.length,
              count: count + table.length,
              isOver: false,
            };
            yield* sound(found, rules, count, context);
          }
          const { line, count } = place;
          if (end < bytes.length && !place.isOver) {
            // A copy: the block may be lent.
            rest.push(new Uint8Array(bytes.subarray(end)));
            restBytes += bytes.length - end;
            const fault = endless(rest, restBytes, { ...origin, line }, lineBytes);
            if (fault) {
              rest = [];
              restBytes = 0;
              place = { ...place, isOver: true };
              context.reject(fault.error, fault.raw, count + 1);
            }
          }
          if (rest.length === 0) place = { ...place, block: block + 1, bytes: 0, line: last ? 1 : line };
        }
      }
    },
  });
}

/** Where a stopped run was. */
interface Place {
  /** How far in a block. */
  readonly bytes: number;
  /** The number of the next line in its file. */
  readonly line: number;
  /** Lines so far, of all files. */
  readonly count: number;
  /** In the middle of a line that was too long. */
  readonly isOver: boolean;
}

const START: Place = { bytes: 0, line: 1, count: 0, isOver: false };

/** The table without the lines that break a rule; those before one that ends the run come before it. */
function* sound(
  found: LineTable,
  rules: Required<LineOptions>,
  count: number,
  context: StageContext,
): Generator<Chunk<Line>, void> {
  const { table } = found;
  const kept: number[] = [];
  let from = 0;
  const keepTo = (row: number) => {
    for (; from < row; from++) kept.push(from);
    from = row + 1;
  };
  try {
    for (const { row, error, raw } of faultsIn(found, rules)) {
      keepTo(row);
      context.reject(error, raw, count + row + 1);
    }
  } catch (error) {
    if (kept.length > 0) yield table.take(kept);
    throw error;
  }
  if (from > 0) keepTo(table.length);
  // A file may be a byte order mark and no more.
  const left = from > 0 ? table.take(kept) : table;
  if (left.length > 0) yield left;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
