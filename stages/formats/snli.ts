import {
  type Column,
  ColumnChunk,
  type Columns,
  DictionaryColumn,
  type StageContext,
  Utf8Column,
} from '../../pipeline/index.ts';
import { key, scanObject } from '../json-scan.ts';
import { LABELS, type Line, type SentencePair } from '../records.ts';
import { badRecord, isLabel, lineId, optionalText, type PairFormat, parseObject, requiredText } from './format.ts';

/** What SNLI writes where the annotators found no majority. */
const NO_LABEL = '-';
const NO_LABEL_REASON = 'no gold label';

/**
 * SNLI's JSON lines (Bowman et al. 2015, "A large annotated corpus for learning natural language inference"), and
 * MultiNLI's, which have the same fields. Pairs without a gold label (`-`) are dropped. The sentences and the label must
 * be there; id, parses and annotations may be missing. Annotations that are no list of texts are left out.
 */
export const snli: PairFormat = {
  name: 'snli',
  summary: "SNLI's JSON lines: gold_label, sentence1, sentence2, sentence1_binary_parse, ...",

  pair(line, context) {
    const row = parseObject(line);
    const { origin } = line;
    const label = row.gold_label;
    if (label === NO_LABEL) return context.drop(NO_LABEL_REASON);
    if (!isLabel(label)) {
      throw badRecord(origin, 'The field "gold_label" is wrong', `one of ${LABELS.join(', ')}, ${NO_LABEL}`, label);
    }
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
  },

  columns: scanRows,
};

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
const KEYS = FIELDS.map(key);
const LABEL_BYTES = LABELS.map((label) => Buffer.from(label));

/** The record form's rules over bytes. A line that the scan or a rule stumbles over sends the whole table back. */
function scanRows(lines: ColumnChunk<Line>, context: StageContext): ColumnChunk<SentencePair> | undefined {
  const text = lines.columns.text;
  if (!(text instanceof Utf8Column)) return undefined;
  const { data } = text;
  const ranges = new Int32Array(2 * KEYS.length);
  const kept = new Int32Array(lines.length);
  const labels = new Uint8Array(lines.length);
  const starts = TEXT_FIELDS.map(() => new Int32Array(lines.length));
  const ends = TEXT_FIELDS.map(() => new Int32Array(lines.length));
  const more = new ExtraText(data.length);
  let count = 0;

  for (let row = 0; row < lines.length; row++) {
    const understood = scanObject(data, text.starts[row] as number, text.ends[row] as number, KEYS, ranges);
    let bytes = data;
    if (!understood) {
      const values = parseRow(lines.get(row));
      if (!values) return undefined;
      more.put(values, ranges);
      bytes = more.last;
    }
    const base = understood ? 0 : more.lastStart;
    const labelStart = (ranges[2 * LABEL] as number) - base;
    const label = labelCode(bytes, labelStart, (ranges[2 * LABEL + 1] as number) - base);
    if (label === undefined) return undefined;
    if (label < 0) continue;
    for (const field of REQUIRED) {
      if (isBlank(bytes, (ranges[2 * field] as number) - base, (ranges[2 * field + 1] as number) - base))
        return undefined;
    }
    kept[count] = row;
    labels[count] = label;
    for (let field = 0; field < TEXT_FIELDS.length; field++) {
      (starts[field] as Int32Array)[count] = ranges[2 * field] as number;
      (ends[field] as Int32Array)[count] = ranges[2 * field + 1] as number;
    }
    count++;
  }

  for (let unlabelled = count; unlabelled < lines.length; unlabelled++) context.drop(NO_LABEL_REASON);
  const rows = count === lines.length ? lines : lines.take(kept.subarray(0, count));
  const all = more.appendedTo(data);
  const texts: Record<string, Utf8Column> = {};
  TEXT_FIELDS.forEach(([name], field) => {
    const from = (starts[field] as Int32Array).subarray(0, count);
    // A field that no row has is no column; but every row has an id.
    if (name !== 'id' && from.every((start) => start < 0)) return;
    texts[name] = new Utf8Column(all, from, (ends[field] as Int32Array).subarray(0, count));
  });
  const { id, captionId, ...sentences } = texts;
  return new ColumnChunk<SentencePair>({
    id: withLineIds(id as Utf8Column, rows),
    label: new DictionaryColumn(labels.subarray(0, count), LABELS),
    ...sentences,
    ...originOf(rows.columns),
    ...(captionId && { captionId }),
    annotatorLabels: new AnnotationColumn(rows.columns.text as Utf8Column),
  });
}

/**
 * The wanted values of a row that only `JSON.parse` understands; `undefined` if a rule is broken, or if a value is half
 * of a surrogate pair, which UTF-8 cannot hold.
 */
function parseRow(line: Line): (string | undefined)[] | undefined {
  try {
    const row = parseObject(line);
    const values = FIELDS.map((field) => optionalText(row, field, line.origin));
    return values.some((value) => value !== undefined && /\p{Surrogate}/u.test(value)) ? undefined : values;
  } catch {
    return undefined;
  }
}

/** Index into LABELS, -1 for no label, `undefined` for anything else. */
function labelCode(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (start < 0) return undefined;
  if (end - start === 1 && bytes[start] === 0x2d) return -1;
  const code = LABEL_BYTES.findIndex(
    (label) => label.length === end - start && label.every((b, i) => b === bytes[start + i]),
  );
  return code < 0 ? undefined : code;
}

/** Whether a required text is missing, or has nothing that is certainly not white space. */
function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = Math.max(0, start); i < end; i++) {
    const byte = bytes[i] as number;
    // Past ASCII there is more white space: rare enough to let the record form decide.
    if (byte > 0x20 && byte < 0x80) return false;
  }
  return true;
}

function originOf(columns: Columns): Columns {
  return Object.fromEntries(Object.entries(columns).filter(([name]) => name.startsWith('origin.')));
}

function withLineIds(ids: Utf8Column, rows: ColumnChunk<Line>): Column<string | undefined> {
  if (!ids.starts.includes(-1)) return ids;
  return Utf8Column.from(Array.from(ids.starts, (_, row) => ids.get(row) ?? lineId(rows.get(row).origin)));
}

/** Values that stood escaped in the lines, decoded, in bytes that follow those of the lines. */
class ExtraText {
  readonly #parts: Buffer[] = [];
  #length: number;
  /** The bytes of the row put last, and where they will begin. */
  last: Buffer = Buffer.alloc(0);
  lastStart = 0;

  constructor(start: number) {
    this.#length = start;
  }

  put(values: readonly (string | undefined)[], ranges: Int32Array): void {
    this.lastStart = this.#length;
    this.last = Buffer.from(values.join(''));
    let at = this.#length;
    values.forEach((value, field) => {
      const size = value === undefined ? 0 : Buffer.byteLength(value);
      ranges[2 * field] = value === undefined ? -1 : at;
      ranges[2 * field + 1] = value === undefined ? -1 : at + size;
      at += size;
    });
    this.#parts.push(this.last);
    this.#length = at;
  }

  appendedTo(bytes: Uint8Array): Uint8Array {
    return this.#parts.length === 0 ? bytes : Buffer.concat([bytes, ...this.#parts]);
  }
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
