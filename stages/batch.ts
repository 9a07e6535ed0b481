import {
  ArrayChunk,
  arrivals,
  defineStage,
  MillraceError,
  resumedCount,
  type Stage,
  type StageContext,
  Trail,
} from '../pipeline/index.ts';
import { HeldRecords, holdPairs, labelsOf, type Side, sequencesOf } from './held.ts';
import { paddingOf, padRanges } from './pad.ts';
import type { Origin, PaddedSequences, PairBatch, Sentence, SentenceBatch, SentencePair } from './records.ts';
import type { Text } from './sentences.ts';

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
      let held = new HeldRecords<T>();
      // The record that the next batch begins with.
      let first = 0;
      const trail = new Trail();
      context.onCheckpoint(() => trail.checkpoint(first, context));
      for await (const arrival of arrivals(source, context, resumedCount(context.resumed))) {
        trail.forget(first);
        trail.arrive(arrival);
        const { chunk } = arrival;
        for (let row = 0; row < chunk.length; row++) {
          held.push(chunk, row);
          if (held.length < size) continue;
          first += size;
          yield collate(held, context, options);
          held = new HeldRecords<T>();
        }
      }
      first += held.length;
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
  records: HeldRecords<T>,
  context: StageContext,
  { width }: BatchOptions = {},
): ArrayChunk<BatchOf<T>> {
  const texts: HeldRecords<Text> = records;
  const made = holdPairs(texts) ? pairBatch(texts, width) : sentenceBatch(texts, width);
  let bytes = 0;
  for (const sequences of 'sentence' in made ? [made.sentence] : [made.premise, made.hypothesis]) {
    const { cells, padding } = paddingOf(sequences);
    context.tally('cells', cells);
    context.tally('padding', padding);
    bytes += sequences.ids.byteLength + sequences.lengths.byteLength;
  }
  return new ArrayChunk([made as BatchOf<T>], bytes);
}

function pairBatch(pairs: HeldRecords<SentencePair>, width?: number): PairBatch {
  // Training never asks where a pair came from: ids and origins are made for those who do, once.
  let pairIds: readonly string[] | undefined;
  let origins: readonly Origin[] | undefined;
  return {
    size: pairs.length,
    premise: padded(pairs, 'premise', width),
    hypothesis: padded(pairs, 'hypothesis', width),
    labels: labelsOf(pairs),
    get pairIds() {
      pairIds ??= pairs.map(({ id }) => id);
      return pairIds;
    },
    get origins() {
      origins ??= pairs.map(({ origin }) => origin);
      return origins;
    },
  };
}

function sentenceBatch(sentences: HeldRecords<Text>, width?: number): SentenceBatch {
  const sentence = padded(sentences, 'sentence', width);
  const origins = sentences.map(({ origin }) => origin).filter((origin) => origin !== undefined);
  return { size: sentences.length, sentence, ...(origins.length === sentences.length && { origins }) };
}

function padded(records: HeldRecords<Text>, side: Side, width?: number): PaddedSequences {
  return padRanges(sequencesOf(records, side), width);
}
