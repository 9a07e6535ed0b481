import {
  type Chunk,
  type Column,
  ColumnChunk,
  DictionaryColumn,
  Int32ListColumn,
  Utf8Column,
} from '../pipeline/index.ts';
import { copyTexts } from './kernels/texts.ts';
import { missingField } from './missing-field.ts';
import type { Sequences } from './pad.ts';
import { LABELS, type Sentence, type SentencePair } from './records.ts';
import { isPair, type Text } from './sentences.ts';

/**
 * Of a table of records with ids, what a batch needs and no more: records wait long for their batches, and the blocks
 * that their texts are in would wait with them.
 */
export function forBatches<T extends Text>(chunk: Chunk<T>): Chunk<T> {
  const tables = Object.values(ID_COLUMNS);
  if (!(chunk instanceof ColumnChunk) || !tables.some((name) => name in chunk.columns)) return chunk;
  const needed: Record<string, Column> = {};
  for (const [name, column] of Object.entries(chunk.columns)) {
    if (name === 'id' && column instanceof Utf8Column) needed.id = copyTexts(column);
    else if (tables.includes(name) || name === 'id' || name === 'label' || name.startsWith('origin.')) {
      needed[name] = column;
    }
  }
  return new ColumnChunk<T>(needed);
}

/**
 * Records that wait for their batch: where each is, not what it is. What a batch needs of them is read from the columns of
 * their tables where they are in one, since a view of every row and of its two sentences would cost more than the batch.
 */
export class HeldRecords<T extends Text> {
  readonly chunks: Chunk<T>[] = [];
  readonly rows: number[] = [];

  get length(): number {
    return this.rows.length;
  }

  push(chunk: Chunk<T>, row: number): void {
    this.chunks.push(chunk);
    this.rows.push(row);
  }

  get(index: number): T {
    return (this.chunks[index] as Chunk<T>).get(this.rows[index] as number);
  }

  map<U>(of: (record: T) => U): U[] {
    return this.rows.map((row, index) => of((this.chunks[index] as Chunk<T>).get(row)));
  }
}

/** Whether all are pairs. */
export function holdPairs(held: HeldRecords<Text>): held is HeldRecords<SentencePair> {
  return held.chunks.every((chunk, index) => holdsPair(chunk, held.rows[index] as number));
}

/** Which sentence of a record: one of a pair's, or the record itself. */
export type Side = keyof typeof ID_COLUMNS;

// Not put together where they are needed: to make such a name takes longer than to read what it names.
const ID_COLUMNS: Readonly<Record<'premise' | 'hypothesis' | 'sentence', string>> = {
  premise: 'premise.ids',
  hypothesis: 'hypothesis.ids',
  sentence: 'ids',
};

/** The ids of one sentence of each record. To seek throws MillraceError MILLRACE_SHAPE when that sentence has none. */
export class HeldSequences implements Sequences {
  readonly #held: HeldRecords<Text>;
  readonly #side: Side;
  /** The table that was looked at last, and its column of ids. */
  #chunk: Chunk<Text> | undefined;
  #column: Column | undefined;
  values: ArrayLike<number> = [];
  start = 0;
  end = 0;

  constructor(held: HeldRecords<Text>, side: Side) {
    this.#held = held;
    this.#side = side;
  }

  get length(): number {
    return this.#held.length;
  }

  seek(index: number): void {
    const { chunks, rows } = this.#held;
    const chunk = chunks[index] as Chunk<Text>;
    const row = rows[index] as number;
    if (chunk !== this.#chunk) {
      this.#chunk = chunk;
      this.#column = columnOf(chunk, ID_COLUMNS[this.#side]);
    }
    const column = this.#column;
    if (column instanceof Int32ListColumn && (column.starts[row] as number) >= 0) {
      this.values = column.values;
      this.start = column.starts[row] as number;
      this.end = column.ends[row] as number;
    } else {
      this.values = idsOf(chunk, row, this.#side);
      this.start = 0;
      this.end = this.values.length;
    }
  }
}

/**
 * Tokens of each of a record's sentences: what a batch must be wide enough for.
 *
 * @param into receives one or two lengths; it is for whoever asks often
 * @throws MillraceError MILLRACE_SHAPE when a sentence has no ids
 */
export function lengthsOf(chunk: Chunk<Text>, row: number, into: number[] = []): number[] {
  const premises = columnOf(chunk, 'premise.ids');
  const hypotheses = columnOf(chunk, 'hypothesis.ids');
  if (premises instanceof Int32ListColumn && hypotheses instanceof Int32ListColumn) {
    const premise = lengthAt(premises, row);
    const hypothesis = lengthAt(hypotheses, row);
    if (premise >= 0 && hypothesis >= 0) {
      // To set a length costs more than all the rest.
      if (into.length !== 2) into.length = 2;
      into[0] = premise;
      into[1] = hypothesis;
      return into;
    }
  }
  const sides: Side[] = holdsPair(chunk, row) ? ['premise', 'hypothesis'] : ['sentence'];
  into.length = sides.length;
  sides.forEach((side, index) => {
    into[index] = idsOf(chunk, row, side).length;
  });
  return into;
}

/** Indices into LABELS, -1 for no label. */
export function labelsOf(pairs: HeldRecords<SentencePair>): Int32Array {
  const { chunks, rows, length } = pairs;
  const labels = new Int32Array(length);
  for (let index = 0; index < length; index++) {
    labels[index] = labelOf(chunks[index] as Chunk<SentencePair>, rows[index] as number);
  }
  return labels;
}

function labelOf(chunk: Chunk<SentencePair>, row: number): number {
  const column = columnOf(chunk, 'label');
  const label = column instanceof DictionaryColumn ? column.get(row) : chunk.get(row).label;
  return label === undefined ? -1 : LABELS.indexOf(label);
}

function holdsPair(chunk: Chunk<Text>, row: number): boolean {
  return columnOf(chunk, 'premise.ids') !== undefined || isPair(chunk.get(row));
}

/** @throws MillraceError MILLRACE_SHAPE when the sentence has none */
function idsOf(chunk: Chunk<Text>, row: number, side: Side): ArrayLike<number> {
  const record = chunk.get(row);
  const { ids } = side === 'sentence' ? (record as Sentence) : (record as SentencePair)[side];
  if (!ids) throw missingField('ids', record.origin, 'Put ids before it.');
  return ids;
}

function columnOf(chunk: Chunk<Text>, name: string): Column | undefined {
  return chunk instanceof ColumnChunk ? chunk.columns[name] : undefined;
}

/** -1 where there is none. */
function lengthAt({ starts, ends }: Int32ListColumn, row: number): number {
  const start = starts[row] as number;
  return start < 0 ? -1 : (ends[row] as number) - start;
}
