import type { Chunk, ColumnChunk, DROP, StageContext } from '../../pipeline/index.ts';
import { MillraceError, type Origin } from '../../pipeline/index.ts';
import type { Line, SentencePair } from '../records.ts';
import type { LabelNames } from './labels.ts';
import type { Row, RowLayout } from './rows.ts';

/** How a format is read. Which of these a format has, its {@link PairFormatEntry} says. */
export interface ParseOptions extends LabelNames {
  /**
   * Where the parts of a pair are: for tables the column's name in the header or its number, from 1; for JSON the field,
   * a dot descending into it: `gold.label`.
   */
  readonly premise?: string | number;
  readonly hypothesis?: string | number;
  readonly label?: string | number;
  readonly score?: string | number;
  readonly id?: string | number;
  /** Whether a table begins with a header. Default: whether a column is given by name. */
  readonly header?: boolean;
  /** Whether cells of a table may stand within quotes, and then hold separators and line ends. */
  readonly quotes?: boolean;
}

/** A format by its name: what it looks like, and what of it is a matter of options. */
export interface PairFormatEntry {
  /** What a line looks like, for `--help`. */
  readonly summary: string;
  readonly options: readonly (keyof ParseOptions)[];
  /** @throws MillraceError MILLRACE_USAGE for options that cannot be */
  make(options: ParseOptions): PairFormat;
}

/** How a line of a corpus becomes a pair. */
export interface PairFormat {
  /** For tables: how lines become rows, which is what is parsed then. */
  readonly rows?: RowLayout;
  /** For tables: told of rows that are about to come one by one. */
  readAhead?(rows: readonly Row[]): void;
  /** @throws MillraceError MILLRACE_BAD_RECORD where the line breaks a rule of the format */
  pair(line: Line, context: StageContext): SentencePair | typeof DROP;
  /** The same for a table of lines; declines (`undefined`) when a line breaks a rule. */
  columns?(lines: ColumnChunk<Line>, context: StageContext): Chunk<SentencePair> | undefined;
}

export function badRecord(origin: Origin, summary: string, expected: string, found: unknown): MillraceError {
  return new MillraceError('MILLRACE_BAD_RECORD', summary, { origin, expected, found });
}

/** The JSON on a line. */
export function parseJson({ text, origin }: Line): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MillraceError('MILLRACE_BAD_RECORD', `The line is not JSON (${(cause as Error).message})`, {
      origin,
      expected: 'one JSON object a line',
      found: text,
      cause,
    });
  }
}

/** The JSON object on a line. */
export function parseObject(line: Line): Record<string, unknown> {
  const value = parseJson(line);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  const { text, origin } = line;
  throw badRecord(origin, 'The line holds no JSON object', 'one JSON object a line', text);
}

/** The text in a field that must be there. */
export function requiredText(row: Record<string, unknown>, field: string, origin: Origin): string {
  const value = row[field];
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw badRecord(origin, `The field "${field}" is wrong`, 'a text that is not empty', value ?? 'nothing');
}

/** The text in a field that may be missing or null. */
export function optionalText(row: Record<string, unknown>, field: string, origin: Origin): string | undefined {
  const value = row[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw badRecord(origin, `The field "${field}" is wrong`, 'a text or nothing', value);
}

/** The number in a field that may be missing or null. */
export function optionalNumber(row: Record<string, unknown>, field: string, origin: Origin): number | undefined {
  const value = row[field];
  if (value === undefined || value === null) return undefined;
  // JSON has no infinity, but numbers too large for a double are read as it.
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw badRecord(origin, `The field "${field}" is wrong`, 'a number or nothing', value);
}

/** The id of a pair that has none: its line. */
export function lineId({ entry, source, line }: Origin): string {
  return `${entry ?? source}:${line}`;
}
