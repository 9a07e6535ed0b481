import { type Chunk, ColumnChunk, DictionaryColumn, Int32ListColumn } from '../pipeline/index.ts';
import { missingField } from './missing-field.ts';
import { LABELS, type Sentence, type SentencePair } from './records.ts';
import { isPair, type Text } from './sentences.ts';

/**
 * A record that waits for its batch: where it is, not what it is. What a batch needs of it is read from the columns of
 * its table where it is in one, since a view of every row and of its two sentences would cost more than the batch.
 */
export interface Held<T extends Text> {
  readonly chunk: Chunk<T>;
  readonly row: number;
}

export function recordOf<T extends Text>({ chunk, row }: Held<T>): T {
  return chunk.get(row);
}

export function holdsPair(held: Held<Text>): held is Held<SentencePair> {
  return columnOf(held, 'premise.ids') !== undefined || isPair(recordOf(held));
}

/** Which sentence of a record: one of a pair's, or the record itself. */
export type Side = keyof typeof ID_COLUMNS;

// Not put together where they are needed: to make such a name takes longer than to read what it names.
const ID_COLUMNS = { premise: 'premise.ids', hypothesis: 'hypothesis.ids', sentence: 'ids' } as const;

/** @throws MillraceError MILLRACE_SHAPE when the sentence has none */
export function idsOf(held: Held<Text>, side: Side): ArrayLike<number> {
  const column = columnOf(held, ID_COLUMNS[side]);
  const ids = column instanceof Int32ListColumn ? column.get(held.row) : sentenceOf(recordOf(held), side).ids;
  if (!ids) throw missingField('ids', recordOf(held).origin, 'Put ids before it.');
  return ids;
}

/**
 * Tokens of each of the record's sentences: what a batch must be wide enough for.
 *
 * @throws MillraceError MILLRACE_SHAPE when a sentence has no ids
 */
export function lengthsOf(held: Held<Text>): number[] {
  const { row } = held;
  const premises = columnOf(held, 'premise.ids');
  const hypotheses = columnOf(held, 'hypothesis.ids');
  if (premises instanceof Int32ListColumn && hypotheses instanceof Int32ListColumn) {
    return [lengthAt(premises, row), lengthAt(hypotheses, row)];
  }
  const sides: Side[] = holdsPair(held) ? ['premise', 'hypothesis'] : ['sentence'];
  return sides.map((side) => idsOf(held, side).length);
}

/** Index into LABELS, -1 for no label. */
export function labelOf(held: Held<SentencePair>): number {
  const column = columnOf(held, 'label');
  if (column instanceof DictionaryColumn && column.dictionary === LABELS) {
    const code = column.codes[held.row] as number;
    return code < LABELS.length ? code : -1;
  }
  const { label } = recordOf(held);
  return label === undefined ? -1 : LABELS.indexOf(label);
}

function sentenceOf(record: Text, side: Side): Sentence {
  return side === 'sentence' ? (record as Sentence) : (record as SentencePair)[side];
}

function columnOf({ chunk }: Held<Text>, name: string) {
  return chunk instanceof ColumnChunk ? chunk.columns[name] : undefined;
}

function lengthAt({ starts, ends }: Int32ListColumn, row: number): number {
  return (ends[row] as number) - (starts[row] as number);
}
