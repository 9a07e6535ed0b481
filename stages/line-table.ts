/** Lines as a table on the bytes that they stand in, and what is wrong with some of them. */
import { isUtf8 } from 'node:buffer';
import {
  ColumnChunk,
  ConstantColumn,
  Int32Column,
  MillraceError,
  type Origin,
  toPlain,
  Utf8Column,
} from '../pipeline/index.ts';
import { sharedKernels, WORD } from './kernels/kernels.ts';
import type { Line } from './records.ts';

/** Rows to a chunk at most: a block of short lines would else make a chunk that is long in coming. */
const MOST_ROWS = 4096;

/** Of a line that is too long, so much is told. */
const TOLD_BYTES = 2 ** 16;

const NEWLINE = 10;
const RETURN = 13;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** What may become of bytes that are no UTF-8. */
export const invalidBytes = {
  replace: 'each is read as U+FFFD',
  reject: 'their line is a bad record',
} as const;

export interface LineOptions {
  /**
   * What becomes of bytes that are no UTF-8: they are replaced by U+FFFD when someone reads the text (the default), or
   * their line is a bad record.
   */
  readonly invalid?: keyof typeof invalidBytes;
  /** The longest line, without its end; a longer one is a bad record. Default 512 MiB: a string could not be longer. */
  readonly lineBytes?: number;
}

/** Some lines of a file. */
export interface LineTable {
  readonly bytes: Uint8Array;
  /** Where the first line begins, its byte order mark included. */
  readonly start: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly table: ColumnChunk<Line>;
  /** Where the next line begins. */
  readonly next: number;
}

/** A line that breaks a rule. */
export interface Fault {
  readonly row: number;
  readonly error: MillraceError;
  readonly raw: Uint8Array;
}

/**
 * The first lines in `bytes` from `start` to `end`, numbered from `first`.
 *
 * @param last whether the file ends at `end`
 * @throws MillraceError MILLRACE_NOT_TEXT for a first line that tells of it
 */
export function lineTable(
  bytes: Uint8Array,
  start: number,
  end: number,
  { origin, first, last }: { readonly origin: Origin; readonly first: number; readonly last: boolean },
): LineTable {
  const isMarked = first === 1 && BYTE_ORDER_MARK.every((byte, i) => bytes[start + i] === byte);
  const from = isMarked ? start + BYTE_ORDER_MARK.length : start;
  const { starts, ends, next } = findLines(bytes, from, end, MOST_ROWS);
  if (first === 1 && starts.length > 0) {
    const isAll = last && starts.length === 1 && next === end && bytes[end - 1] !== NEWLINE;
    assertText(bytes.subarray(from, ends[0]), isAll, origin);
  }
  const numbers = new Int32Array(starts.length);
  for (let row = 0; row < numbers.length; row++) numbers[row] = first + row;
  const table = new ColumnChunk<Line>({
    text: new Utf8Column(bytes, starts, ends),
    'origin.source': new ConstantColumn(origin.source, starts.length),
    'origin.entry': new ConstantColumn(origin.entry, starts.length),
    'origin.line': new Int32Column(numbers),
  });
  return { bytes, start, starts, ends, table, next };
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

/** A line of which so much came in parts that it is too long, whatever comes; nothing for one that may be well. */
export function endless(
  parts: readonly Uint8Array[],
  length: number,
  origin: Origin,
  lineBytes: number,
): Omit<Fault, 'row'> | undefined {
  if (length <= lineBytes + BYTE_ORDER_MARK.length + 1) return undefined;
  // As much as is told of it: not all of it once more.
  const needed = Math.min(TOLD_BYTES, lineBytes) + BYTE_ORDER_MARK.length;
  const first: Uint8Array[] = [];
  for (let known = 0, i = 0; known < needed; i++) {
    const part = (parts[i] as Uint8Array).subarray(0, needed - known);
    first.push(part);
    known += part.length;
  }
  const beginning = Buffer.concat(first);
  const isMarked = origin.line === 1 && BYTE_ORDER_MARK.every((byte, i) => beginning[i] === byte);
  return tooLong(isMarked ? beginning.subarray(BYTE_ORDER_MARK.length) : beginning, origin, lineBytes);
}

/** The lines that break a rule, in order. */
export function* faultsIn(lines: LineTable, options: Required<LineOptions>): Generator<Fault, void> {
  const { bytes, start, starts, ends, table, next } = lines;
  const { invalid, lineBytes } = options;
  // Whole tables are looked at first: hardly any has a fault.
  const areShort = next - start <= lineBytes;
  const areValid = invalid === 'replace' || isUtf8(bytes.subarray(start, next));
  if (areShort && areValid) return;
  for (let row = 0; row < table.length; row++) {
    const text = bytes.subarray(starts[row], ends[row]);
    const { origin } = toPlain(table.get(row)) as Line;
    if (text.length > lineBytes) yield { row, ...tooLong(text, origin, lineBytes) };
    else if (!areValid && !isUtf8(text)) yield { row, ...notUtf8(text, origin) };
  }
}

/** @param text the line, or as much of it as is known */
function tooLong(text: Uint8Array, origin: Origin, lineBytes: number): Omit<Fault, 'row'> {
  const error = new MillraceError('MILLRACE_BAD_RECORD', 'The line is too long', {
    origin,
    expected: `at most ${lineBytes} bytes`,
    hint: 'Is this a text file with its lines apart by newlines?',
  });
  return { error, raw: new Uint8Array(text.subarray(0, Math.min(TOLD_BYTES, lineBytes))) };
}

function notUtf8(text: Uint8Array, origin: Origin): Omit<Fault, 'row'> {
  const wellFormed = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(text));
  const at = text.findIndex((byte, i) => byte !== wellFormed[i]);
  const error = new MillraceError('MILLRACE_BAD_RECORD', 'The line is not UTF-8', {
    origin,
    expected: 'text in UTF-8',
    found: `byte ${hex(text[at] as number)} at ${at + 1}`,
    hint: 'Other encodings must be converted, such as with: iconv -f WINDOWS-1252 -t UTF-8',
  });
  return { error, raw: new Uint8Array(text) };
}

/**
 * Looks at the first line of a file for what tells that it is no text as we know it.
 *
 * @param isAll whether the file ends with this line, and without a newline
 * @throws MillraceError MILLRACE_NOT_TEXT
 */
function assertText(line: Uint8Array, isAll: boolean, origin: Origin): void {
  const sign = signOfUtf16(line);
  if (sign !== undefined) {
    throw new MillraceError('MILLRACE_NOT_TEXT', 'The file is not UTF-8 but UTF-16, as it seems', {
      origin,
      expected: 'text in UTF-8',
      found: sign,
      hint: 'Save it as UTF-8, or convert it with: iconv -f UTF-16 -t UTF-8',
    });
  }
  const lone = isAll ? line.indexOf(RETURN) : -1;
  if (lone >= 0 && lone < line.length - 1) {
    throw new MillraceError('MILLRACE_NOT_TEXT', 'The file has no newline, but carriage returns', {
      origin,
      expected: 'lines that end with \\n or \\r\\n',
      found: `\\r alone, first at byte ${lone + 1}`,
      hint: "Convert it, such as with: tr '\\r' '\\n'",
    });
  }
}

/** A byte order mark of UTF-16 (or UTF-32), or ASCII in UTF-16, in which every other byte is a NUL. */
function signOfUtf16(line: Uint8Array): string | undefined {
  const [a, b, c, d] = line;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return `the byte order mark ${hex(a)} ${hex(b)}`;
  if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
  const everyOther = (a === 0) !== (b === 0) && (c === 0) === (a === 0) && (d === 0) === (b === 0);
  return everyOther ? 'every other byte NUL' : undefined;
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
