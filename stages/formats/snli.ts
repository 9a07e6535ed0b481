import {
  type Column,
  ColumnChunk,
  type Columns,
  DictionaryColumn,
  type DROP,
  type Origin,
  type StageContext,
  Utf8Column,
} from '../../pipeline/index.ts';
import { scanObjects } from '../json-scan.ts';
import { copyTexts, findBlanks, matchWords } from '../kernels/texts.ts';
import type { Line, SentencePair } from '../records.ts';
import { lineId, optionalText, type PairFormatEntry, parseObject, requiredText } from './format.ts';
import { LabelMap, NO_LABEL_REASON, SNLI_NAMES } from './labels.ts';

/**
 * SNLI's JSON lines (Bowman et al. 2015, "A large annotated corpus for learning natural language inference"), and
 * MultiNLI's, which have the same fields. Pairs without a gold label (`-`) are dropped. The sentences and the label must
 * be there; id, parses and annotations may be missing. Annotations that are no list of texts are left out.
 */
export const snli: PairFormatEntry = {
  summary: "SNLI's and MultiNLI's JSON lines: gold_label, sentence1, sentence2, sentence1_binary_parse, ...",
  options: ['entailment', 'neutral', 'contradiction', 'unlabeled'],
  make(options) {
    const labels = LabelMap.of(options, SNLI_NAMES);
    return {
      pair: (line, context) => parseLine(line, labels, context),
      columns: (lines, context) => scanRows(lines, labels, context),
    };
  },
};

function parseLine(line: Line, labels: LabelMap, context: StageContext): SentencePair | typeof DROP {
  const row = parseObject(line);
  const { origin } = line;
  const name = row.gold_label;
  if (name !== undefined && name === labels.unlabeled) return context.drop(NO_LABEL_REASON);
  const label = labels.labelOf(name, 'field "gold_label"', origin);
  const captionId = optionalText(row, 'captionID', origin);
  const annotatorLabels = annotations(row);
  return {
    id: optionalText(row, 'pairID', origin) ?? lineId(origin),
    label,
    premise: sentence(row, 'sentence1', line),
    hypothesis: sentence(row, 'sentence2', line),
    origin,
    ...(captionId !== undefined && { captionId }),
    ...(annotatorLabels !== undefined && { annotatorLabels }),
  };
}

function sentence(row: Record<string, unknown>, field: string, { origin }: Line) {
  const binaryParse = optionalText(row, `${field}_binary_parse`, origin);
  const parse = optionalText(row, `${field}_parse`, origin);
  return {
    text: requiredText(row, field, origin),
    ...(binaryParse !== undefined && { binaryParse }),
    ...(parse !== undefined && { parse }),
  };
}

function annotations({ annotator_labels: labels }: Record<string, unknown>): readonly string[] | undefined {
  return Array.isArray(labels) && labels.every((label) => typeof label === 'string') ? labels : undefined;
}

// The fields that the scan reads, each with the column that it becomes, in the order of the record's fields; the label's
// is of another kind.
const TEXT_FIELDS = [
  ['id', 'pairID'],
  ['premise.text', 'sentence1'],
  ['premise.binaryParse', 'sentence1_binary_parse'],
  ['premise.parse', 'sentence1_parse'],
  ['hypothesis.text', 'sentence2'],
  ['hypothesis.binaryParse', 'sentence2_binary_parse'],
  ['hypothesis.parse', 'sentence2_parse'],
  ['captionId', 'captionID'],
] as const;
const REQUIRED = TEXT_FIELDS.flatMap(([name], field) => (name.endsWith('.text') ? field : []));
const LABEL = TEXT_FIELDS.length;
const FIELDS = [...TEXT_FIELDS.map(([, field]) => field), 'gold_label'];

/** The record form's rules over bytes. A line that the scan or a rule stumbles over sends the whole table back. */
function scanRows(
  lines: ColumnChunk<Line>,
  { labels, names, unlabeled }: LabelMap,
  context: StageContext,
): ColumnChunk<SentencePair> | undefined {
  const text = lines.columns.text;
  if (!(text instanceof Utf8Column)) return undefined;
  const { data } = text;
  const { starts, ends, understood } = scanObjects(text, FIELDS);
  const textOf = (field: number) => new Utf8Column(data, starts[field] as Int32Array, ends[field] as Int32Array);
  const decodedRows = new Map<number, Decoded>();
  for (let row = understood.indexOf(0); row >= 0; row = understood.indexOf(0, row + 1)) {
    const decoded = parseRow(text, row, starts, ends);
    if (!decoded) return undefined;
    if (decoded.some((value) => value !== undefined)) decodedRows.set(row, decoded);
  }
  const known = unlabeled === undefined ? names : [...names, unlabeled];
  const codes = matchWords(textOf(LABEL), known);
  if (codes.includes(known.length)) return undefined;
  for (const field of REQUIRED) {
    const blank = findBlanks(textOf(field));
    for (let row = blank?.indexOf(1) ?? -1; row >= 0; row = blank?.indexOf(1, row + 1) ?? -1) {
      const isLabeled = codes[row] !== labels.length;
      if (isLabeled && decodedRows.get(row)?.[field]?.some(shows) !== true) return undefined;
    }
  }

  const runs = labeledRuns(codes, labels.length);
  const count = runs.reduce((sum, [from, to]) => sum + to - from, 0);
  if (count < lines.length) context.drop(NO_LABEL_REASON, lines.length - count);
  const rows = count === lines.length ? lines : lines.take(rowsOf(runs, count));
  const texts: Record<string, Utf8Column> = {};
  TEXT_FIELDS.forEach(([name], field) => {
    const values = decodedOf(field, decodedRows, runs);
    const fieldStarts = moveUp(starts[field] as Int32Array, runs, count);
    const fieldEnds = moveUp(ends[field] as Int32Array, runs, count);
    // A field that no row has is no column; but every row has an id.
    if (name !== 'id' && values.length === 0 && fieldStarts.every((start) => start < 0)) return;
    texts[name] = withDecoded(new Utf8Column(data, fieldStarts, fieldEnds), values);
  });
  const { id, captionId, ...sentences } = texts;
  return new ColumnChunk<SentencePair>({
    id: withLineIds(id as Utf8Column, rows),
    label: new DictionaryColumn(moveUp(codes, runs, count), labels),
    ...sentences,
    ...originOf(rows.columns),
    ...(captionId && { captionId }),
    annotatorLabels: new AnnotationColumn(rows.columns.text as Utf8Column),
  });
}

/** For errors that nobody sees: the record form comes upon them again. */
const UNTOLD: Origin = { source: '' };

/** Of a row's wanted values, by field, those that stand escaped in the line, decoded. */
type Decoded = readonly (Buffer | undefined)[];

/**
 * Finds the values of a row that only `JSON.parse` understands: `starts` and `ends` receive their places as of any row,
 * but for those that are answered.
 *
 * @returns `undefined` if a rule is broken, or if a value is half of a surrogate pair, which UTF-8 cannot hold
 */
function parseRow(
  lines: Utf8Column,
  row: number,
  starts: readonly Int32Array[],
  ends: readonly Int32Array[],
): Decoded | undefined {
  let values: (string | undefined)[];
  try {
    const parsed = parseObject({ text: lines.get(row) as string, origin: UNTOLD });
    values = FIELDS.map((field) => optionalText(parsed, field, UNTOLD));
  } catch {
    return undefined;
  }
  if (values.some((value) => value !== undefined && /\p{Surrogate}/u.test(value))) return undefined;
  const { data, starts: lineStarts, ends: lineEnds } = lines;
  const offset = lineStarts[row] as number;
  const text = Buffer.from(data.buffer, data.byteOffset + offset, (lineEnds[row] as number) - offset);
  return values.map((value, field) => {
    const own = value === undefined ? undefined : Buffer.from(value);
    // A value without escapes stands in the line as it is; wherever these bytes are found, they are the value.
    const at = own ? text.indexOf(own) : -1;
    (starts[field] as Int32Array)[row] = at < 0 ? -1 : offset + at;
    (ends[field] as Int32Array)[row] = at < 0 ? -1 : offset + at + (own as Buffer).length;
    return at < 0 ? own : undefined;
  });
}

/** Rows that follow one another, from one to before another. */
type Run = readonly [from: number, to: number];

/** The rows with a label: all but a few. */
function labeledRuns(codes: Uint8Array, unlabeled: number): Run[] {
  const runs: Run[] = [];
  for (let from = 0; from < codes.length; ) {
    const next = codes.indexOf(unlabeled, from);
    const to = next < 0 ? codes.length : next;
    if (from < to) runs.push([from, to]);
    from = to + 1;
  }
  return runs;
}

/** Moves the values of runs together, in the memory that they are in. */
function moveUp<A extends Int32Array | Uint8Array>(values: A, runs: readonly Run[], count: number): A {
  let at = 0;
  for (const [from, to] of runs) {
    if (at < from) values.copyWithin(at, from, to);
    at += to - from;
  }
  return values.subarray(0, count) as A;
}

function rowsOf(runs: readonly Run[], count: number): Int32Array {
  const rows = new Int32Array(count);
  let at = 0;
  for (const [from, to] of runs) for (let row = from; row < to; row++) rows[at++] = row;
  return rows;
}

/** Of a byte, whether it certainly is no white space. Past ASCII there is more of that than is known here. */
function shows(byte: number): boolean {
  return byte > 0x20 && byte < 0x80;
}

function originOf(columns: Columns): Columns {
  return Object.fromEntries(Object.entries(columns).filter(([name]) => name.startsWith('origin.')));
}

function withLineIds(ids: Utf8Column, rows: ColumnChunk<Line>): Column<string | undefined> {
  if (!ids.starts.includes(-1)) return ids;
  return Utf8Column.from(Array.from(ids.starts, (_, row) => ids.get(row) ?? lineId(rows.get(row).origin)));
}

/** A value that stood escaped in its line, decoded, and the row that it goes to. */
type Placed = readonly [row: number, value: Buffer];

/** The values of a field that are in one of the runs. */
function decodedOf(field: number, rows: ReadonlyMap<number, Decoded>, runs: readonly Run[]): Placed[] {
  const values: Placed[] = [];
  for (const [row, decoded] of rows) {
    const value = decoded[field];
    let at = 0;
    for (const [from, to] of runs) {
      if (value && from <= row && row < to) values.push([at + row - from, value]);
      at += to - from;
    }
  }
  return values;
}

/** The column with values put in where it has none: copied out of the lines, once somebody reads it. */
function withDecoded(column: Utf8Column, values: readonly Placed[]): Utf8Column {
  if (values.length === 0) return column;
  const more = values.reduce((sum, [, value]) => sum + value.length, 0);
  return Utf8Column.later(column.length, column.bytes + more, () => {
    const { data, starts, ends } = copyTexts(column, more);
    let at = data.length - more;
    for (const [row, value] of values) {
      data.set(value, at);
      starts[row] = at;
      at += value.length;
      ends[row] = at;
    }
    return { data, starts, ends };
  });
}

/** The annotations of lines, for other threads. */
export function annotationsIn(lines: Utf8Column): Column<readonly string[] | undefined> {
  return new AnnotationColumn(lines);
}

/** A field that is seldom read: parsed out of its line when it is. */
class AnnotationColumn implements Column<readonly string[] | undefined> {
  readonly #lines: Utf8Column;
  readonly bytes = 0;
  readonly made: NonNullable<Column['made']>;

  constructor(lines: Utf8Column) {
    this.#lines = lines;
    this.made = { by: { module: import.meta.url, export: 'annotationsIn' }, from: [lines] };
  }

  get length(): number {
    return this.#lines.length;
  }

  get(row: number): readonly string[] | undefined {
    return annotations(JSON.parse(this.#lines.get(row) as string));
  }

  slice(start: number, end: number): AnnotationColumn {
    return new AnnotationColumn(this.#lines.slice(start, end) as Utf8Column);
  }

  take(rows: ArrayLike<number>): AnnotationColumn {
    return new AnnotationColumn(this.#lines.take(rows) as Utf8Column);
  }
}
