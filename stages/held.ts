/**
 * Records that wait for their batches. They may wait long, and a batch reads them out of many chunks; so a chunk is
 * looked through once, when it comes, and left with what batches need.
 */
import {
  ArrayChunk,
  type Chunk,
  type Column,
  ColumnChunk,
  type Columns,
  ConstantColumn,
  DictionaryColumn,
  Int32Column,
  Int32ListColumn,
  MillraceError,
  toPlain,
  Utf8Column,
} from '../pipeline/index.ts';
import { copyTexts } from './kernels/texts.ts';
import { missingField } from './missing-field.ts';
import type { Lists } from './pad.ts';
import { LABELS, type Sentence, type SentencePair } from './records.ts';
import { isPair, type Text } from './sentences.ts';
import { zeros } from './zeros.ts';

/** Which sentence of a record: one of a pair's, or the record itself. */
export type Side = 'premise' | 'hypothesis' | 'sentence';

const OF_PAIRS = ['premise', 'hypothesis'] as const;
const OF_SENTENCES = ['sentence'] as const;

const COLUMNS = {
  ids: { premise: 'premise.ids', hypothesis: 'hypothesis.ids', sentence: 'ids' },
  transitions: { premise: 'premise.transitions', hypothesis: 'hypothesis.transitions', sentence: 'transitions' },
} as const;

/** A chunk some of whose records wait. */
export class HeldChunk<T extends Text> {
  /** Without the texts: the blocks that these are in would wait, too, and they may be lent. */
  readonly records: Chunk<T>;
  readonly sides: readonly Side[];
  /** The ids of each side. */
  readonly ids: readonly Int32ListColumn[];
  #labels: Int32Array | undefined;

  /** @throws MillraceError MILLRACE_SHAPE when a sentence has no ids, or when some records are pairs and some are not */
  constructor(chunk: Chunk<T>) {
    const columns = chunk instanceof ColumnChunk ? chunk.columns : {};
    const isOfPairs = COLUMNS.ids.premise in columns || (!(COLUMNS.ids.sentence in columns) && beginsWithPair(chunk));
    this.sides = isOfPairs ? OF_PAIRS : OF_SENTENCES;
    this.ids = this.sides.map((side) => idsOf(chunk, columns[COLUMNS.ids[side]], side));
    this.records = withoutTexts(chunk);
  }

  get length(): number {
    return this.records.length;
  }

  /** Of pairs: indices into LABELS, -1 for no label. */
  get labels(): Int32Array {
    this.#labels ??= labelsIn(this.records as Chunk<SentencePair>);
    return this.#labels;
  }
}

/** Where each of some records is. */
export class HeldRecords<T extends Text> {
  readonly chunks: HeldChunk<T>[] = [];
  readonly rows: number[] = [];

  get length(): number {
    return this.rows.length;
  }

  /** Which sentences they have; throws MillraceError MILLRACE_SHAPE when some are pairs and some are not. */
  get sides(): readonly Side[] {
    const { sides } = this.chunks[0] as HeldChunk<T>;
    const other = this.chunks.findIndex((chunk) => chunk.sides !== sides);
    if (other >= 0) throw mixed(this.get(other));
    return sides;
  }

  push(chunk: HeldChunk<T>, row: number): void {
    this.chunks.push(chunk);
    this.rows.push(row);
  }

  get(index: number): T {
    return (this.chunks[index] as HeldChunk<T>).records.get(this.rows[index] as number);
  }

  map<U>(of: (record: T) => U): U[] {
    return this.rows.map((_, index) => of(this.get(index)));
  }

  /** The ids of one of their {@link sides}. */
  ids(side: Side): Lists {
    const { chunks, rows } = this;
    const at = side === 'hypothesis' ? 1 : 0;
    return { columns: chunks.map(({ ids }) => ids[at] as Int32ListColumn), rows };
  }

  /** The transitions of one sentence of a record, or nothing. */
  transitions(side: Side, index: number): ArrayLike<number> | undefined {
    const { records } = this.chunks[index] as HeldChunk<T>;
    const row = this.rows[index] as number;
    const column = records instanceof ColumnChunk ? records.columns[COLUMNS.transitions[side]] : undefined;
    return column instanceof Int32ListColumn ? column.get(row) : sentenceOf(records.get(row), side).transitions;
  }

  /** Whether one sentence of each record has transitions. */
  haveTransitions(side: Side): boolean {
    const { chunks, rows } = this;
    const name = COLUMNS.transitions[side];
    return chunks.every(({ records }, index) => {
      const column = records instanceof ColumnChunk ? records.columns[name] : undefined;
      if (column instanceof Int32ListColumn) return (column.starts[rows[index] as number] as number) >= 0;
      return this.transitions(side, index) !== undefined;
    });
  }
}

function beginsWithPair(chunk: Chunk<Text>): boolean {
  return chunk.length > 0 && isPair(chunk.get(0));
}

function idsOf(chunk: Chunk<Text>, column: Column | undefined, side: Side): Int32ListColumn {
  if (column instanceof Int32ListColumn && !column.starts.includes(-1)) return column;
  const lists = Array.from({ length: chunk.length }, (_, row) => {
    const record = chunk.get(row);
    if (isPair(record) !== (side !== 'sentence')) throw mixed(record);
    const { ids } = sentenceOf(record, side);
    if (!ids) throw missingField('ids', record.origin, 'Put ids before it.');
    return ids;
  });
  return Int32ListColumn.from(lists);
}

function mixed({ origin }: Text): MillraceError {
  return new MillraceError('MILLRACE_SHAPE', 'Pairs and single sentences make no batch together', {
    ...(origin && { origin }),
    hint: 'Make batches of each apart.',
  });
}

function sentenceOf(record: Text, side: Side): Sentence {
  return side === 'sentence' ? (record as Sentence) : (record as SentencePair)[side];
}

/** Of records what a batch needs, besides their ids, and no more. */
function withoutTexts<T extends Text>(chunk: Chunk<T>): Chunk<T> {
  const table = chunk instanceof ColumnChunk ? neededColumns(chunk.columns) : undefined;
  return table ? new ColumnChunk<T>(table) : new ArrayChunk(Array.from(chunk, bareRecord));
}

/** Nothing where one of them is of a kind that may read in texts. */
function neededColumns(columns: Columns): Columns | undefined {
  const needed: Record<string, Column> = {};
  for (const [name, column] of Object.entries(columns)) {
    if (!NEEDED.has(name) && !name.startsWith('origin.')) continue;
    // A class derived from one of these may read elsewhere.
    if (column.constructor === Utf8Column) needed[name] = copyTexts(column as Utf8Column);
    else if (WITHOUT_TEXTS.has(column.constructor)) needed[name] = column;
    else return undefined;
  }
  return Object.keys(needed).length > 0 ? needed : undefined;
}

const NEEDED = new Set([
  ...Object.values(COLUMNS.ids),
  ...Object.values(COLUMNS.transitions),
  ...['id', 'label', 'score'],
]);

const WITHOUT_TEXTS = new Set<unknown>([Int32ListColumn, Int32Column, DictionaryColumn, ConstantColumn]);

function bareRecord<T extends Text>(record: T): T {
  const origin = toPlain(record.origin);
  const bare = ({ transitions }: Sentence) => ({ transitions });
  if (!isPair(record)) return { ...bare(record), origin } as unknown as T;
  const { id, label, score, premise, hypothesis } = record as SentencePair;
  return { id, label, score, premise: bare(premise), hypothesis: bare(hypothesis), origin } as unknown as T;
}

function labelsIn(pairs: Chunk<SentencePair>): Int32Array {
  const labels = new Int32Array(pairs.length);
  const column = pairs instanceof ColumnChunk ? pairs.columns.label : undefined;
  if (column instanceof DictionaryColumn) {
    const indices = column.dictionary.map((label) => LABELS.indexOf(label));
    for (let row = 0; row < labels.length; row++) labels[row] = indices[column.codes[row] as number] ?? -1;
    return labels;
  }
  for (let row = 0; row < labels.length; row++) {
    const { label } = pairs.get(row);
    labels[row] = label === undefined ? -1 : LABELS.indexOf(label);
  }
  return labels;
}

/** Indices into LABELS, -1 for no label. */
export function labelsOf({ chunks, rows, length }: HeldRecords<SentencePair>): Int32Array {
  const labels = zeros(length);
  for (let index = 0; index < length; index++) {
    labels[index] = (chunks[index] as HeldChunk<SentencePair>).labels[rows[index] as number] as number;
  }
  return labels;
}

/** NaN for no score. */
export function scoresOf({ chunks, rows, length }: HeldRecords<SentencePair>): Float32Array {
  const scores = new Float32Array(length).fill(Number.NaN);
  for (let index = 0; index < length; index++) {
    const { records } = chunks[index] as HeldChunk<SentencePair>;
    // No view is made of the rows of a table to find that it has none.
    if (records instanceof ColumnChunk && records.columns.score === undefined) continue;
    scores[index] = records.get(rows[index] as number).score ?? Number.NaN;
  }
  return scores;
}
