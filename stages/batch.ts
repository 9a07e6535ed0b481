import { ArrayChunk, defineStage, MillraceError, type Stage, type StageContext } from '../pipeline/index.ts';
import { missingField } from './missing-field.ts';
import { paddingOf, padSequences } from './pad.ts';
import {
  LABELS,
  type PaddedSequences,
  type PairBatch,
  type Sentence,
  type SentenceBatch,
  type SentencePair,
} from './records.ts';
import { isPair, type Text } from './sentences.ts';

export interface BatchOptions {
  /** Columns of every batch; longer sentences are cut. Default the longest sentence of the batch. */
  readonly width?: number;
}

/** The batch that records of this kind make. */
export type BatchOf<T extends Text> = T extends { premise: Sentence } ? PairBatch : SentenceBatch;

/**
 * `size` records at a time, in order, as padded arrays; the last batch may be smaller. Each batch travels as a chunk of
 * its own. The padding that it cost is in the report, as `cells` and `padding`.
 *
 * @throws MillraceError MILLRACE_USAGE for a size or width below 1; MILLRACE_SHAPE for records without ids
 */
export function batch<T extends Text>(size: number, options: BatchOptions = {}): Stage<T, BatchOf<T>> {
  checkPositive('batch size', size);
  if (options.width !== undefined) checkPositive('width', options.width);
  return defineStage<T, BatchOf<T>>({
    name: 'batch',
    options: { size, ...options },
    async *stream(source, context) {
      let held: T[] = [];
      for await (const chunk of source) {
        for (const record of chunk) {
          if (held.push(record) < size) continue;
          yield collate(held, context, options);
          held = [];
        }
      }
      if (held.length > 0) yield collate(held, context, options);
    },
  });
}

export function checkPositive(name: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new MillraceError('MILLRACE_USAGE', `The ${name} is wrong`, {
    expected: 'a whole number above 0',
    found: value,
  });
}

/** The records as one padded batch, in a chunk of its own; enters its padding in the ledger. */
export function collate<T extends Text>(
  records: readonly T[],
  context: StageContext,
  { width }: BatchOptions = {},
): ArrayChunk<BatchOf<T>> {
  const pairs: readonly Text[] = records;
  const made = pairs.every(isPair) ? pairBatch(pairs, width) : sentenceBatch(records, width);
  let bytes = 0;
  for (const sequences of 'sentence' in made ? [made.sentence] : [made.premise, made.hypothesis]) {
    const { cells, padding } = paddingOf(sequences);
    context.tally('cells', cells);
    context.tally('padding', padding);
    bytes += sequences.ids.byteLength + sequences.lengths.byteLength;
  }
  return new ArrayChunk([made as BatchOf<T>], bytes);
}

function pairBatch(records: readonly SentencePair[], width?: number): PairBatch {
  return {
    size: records.length,
    premise: padded(records, (pair) => pair.premise, width),
    hypothesis: padded(records, (pair) => pair.hypothesis, width),
    labels: Int32Array.from(records, ({ label }) => (label === undefined ? -1 : LABELS.indexOf(label))),
    pairIds: records.map((pair) => pair.id),
    origins: records.map((pair) => pair.origin),
  };
}

function sentenceBatch(records: readonly Text[], width?: number): SentenceBatch {
  const sentence = padded(records, (record) => record as Sentence, width);
  const origins = records.map((record) => record.origin).filter((origin) => origin !== undefined);
  return { size: records.length, sentence, ...(origins.length === records.length && { origins }) };
}

function padded<T extends Text>(
  records: readonly T[],
  sentence: (record: T) => Sentence,
  width?: number,
): PaddedSequences {
  const rows = records.map((record) => {
    const { ids } = sentence(record);
    if (!ids) throw missingField('ids', record.origin, 'Put ids before it.');
    return ids;
  });
  return width === undefined ? padSequences(rows) : padSequences(rows, width);
}
