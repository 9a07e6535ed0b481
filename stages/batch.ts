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
import { HeldChunk, HeldRecords, labelsOf, type Side, scoresOf } from './held.ts';
import { paddingOf, padLists } from './pad.ts';
import { padTransitions } from './pad-transitions.ts';
import type {
  Origin,
  PaddedSequences,
  PaddedTransitions,
  PairBatch,
  Sentence,
  SentenceBatch,
  SentencePair,
} from './records.ts';
import type { Text } from './sentences.ts';

export interface BatchOptions {
  /** Columns of every batch; longer sentences are cut. Default the longest sentence of the batch. */
  readonly width?: number;
}

/** The batch that records of this kind make. */
export type BatchOf<T extends Text> = T extends { premise: Sentence } ? PairBatch : SentenceBatch;

/**
 * `size` records at a time, in order, as padded arrays; the last batch may be smaller. The padding
 * that they cost is in the report, as `cells` and `padding`.
 *
 * @throws MillraceError MILLRACE_USAGE for a size or width below 1; MILLRACE_SHAPE for records without ids
 */
export function batch<T extends Text>(size: number, options: BatchOptions = {}): Stage<T, BatchOf<T>> {
  checkPositive('batch size', size);
  if (options.width !== undefined) checkPositive('width', options.width);
  return defineStage<T, BatchOf<T>>({
    name: 'batch',
    options: { size, ...options },
    // Of texts it keeps none.
    consumes: true,
    async *stream(source, context) {
      let held = new HeldRecords<T>();
      const due = new BatchChunks<T>();
      // The record that the next batch begins with.
      let first = 0;
      const trail = new Trail();
      context.onCheckpoint(() => trail.checkpoint(first, context));
      for await (const arrival of arrivals(source, context, resumedCount(context.resumed))) {
        trail.forget(first);
        const before = trail.next;
        trail.arrive(arrival);
        const chunk = new HeldChunk(arrival.chunk);
        for (let row = 0; row < chunk.length; row++) {
          held.push(chunk, row);
          if (held.length < size) continue;
          const full = due.add(collate(held, context, options));
          held = new HeldRecords<T>();
          if (!full) continue;
          first = before + row + 1;
          yield full;
        }
        const rest = due.take();
        if (!rest) continue;
        first = trail.next - held.length;
        yield rest;
      }
      first = trail.next;
      const last = held.length > 0 ? due.add(collate(held, context, options)) : undefined;
      const rest = last ?? due.take();
      if (rest) yield rest;
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

/** The records as one padded batch; enters its padding in the ledger. */
export function collate<T extends Text>(
  records: HeldRecords<T>,
  context: StageContext,
  { width }: BatchOptions = {},
): BatchOf<T> {
  const isOfPairs = records.sides.length > 1;
  const made = isOfPairs
    ? pairBatch(records as unknown as HeldRecords<SentencePair>, width)
    : sentenceBatch(records, width);
  for (const sequences of sequencesOf(made)) {
    const { cells, padding } = paddingOf(sequences);
    context.tally('cells', cells);
    context.tally('padding', padding);
  }
  return made as BatchOf<T>;
}

/** Batches as they travel: some at a time, since to hand one over costs a good part of what it costs to make it. */
export class BatchChunks<T extends Text> {
  #batches: BatchOf<T>[] = [];

  /** Adds a batch; answers a chunk when there are enough. */
  add(made: BatchOf<T>): ArrayChunk<BatchOf<T>> | undefined {
    return this.#batches.push(made) < MOST_BATCHES ? undefined : this.take();
  }

  /** A chunk of what there is, if there is any. */
  take(): ArrayChunk<BatchOf<T>> | undefined {
    const batches = this.#batches;
    if (batches.length === 0) return undefined;
    this.#batches = [];
    let bytes = 0;
    for (const made of batches) {
      for (const { ids, lengths } of sequencesOf(made)) bytes += ids.byteLength + lengths.byteLength;
    }
    return new ArrayChunk(batches, bytes);
  }
}

const MOST_BATCHES = 32;

function sequencesOf(made: PairBatch | SentenceBatch): PaddedSequences[] {
  return 'sentence' in made ? [made.sentence] : [made.premise, made.hypothesis];
}

function pairBatch(pairs: HeldRecords<SentencePair>, width?: number): PairBatch {
  // What few ask for is made for those who do, once: most trainings are of labels, and none asks where a pair came from.
  let scores: Float32Array | undefined;
  let pairIds: readonly string[] | undefined;
  let origins: readonly Origin[] | undefined;
  return {
    size: pairs.length,
    premise: padded(pairs, 'premise', width),
    hypothesis: padded(pairs, 'hypothesis', width),
    labels: labelsOf(pairs),
    get scores() {
      scores ??= scoresOf(pairs);
      return scores;
    },
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
  const sequences = padLists(records.ids(side), width);
  if (!records.haveTransitions(side)) return sequences;
  let transitions: PaddedTransitions | undefined;
  return {
    ...sequences,
    // Most models have no use for them, and most tokens are not those of the parse.
    get transitions() {
      transitions ??= padTransitions(records, side, width);
      return transitions;
    },
  };
}
