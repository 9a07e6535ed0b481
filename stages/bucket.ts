import {
  arrivals,
  checkpointOfHeld,
  defineStage,
  type HeldState,
  MillraceError,
  type Stage,
  Trail,
} from '../pipeline/index.ts';
import { BatchChunks, type BatchOf, checkPositive, collate } from './batch.ts';
import { findBoundaries } from './boundaries.ts';
import { type BatchLimit, Buckets, longestOf } from './buckets.ts';
import { HeldChunk } from './held.ts';
import type { Text } from './sentences.ts';

export interface BucketOptions {
  /** Records to a batch. Default 32, unless `tokens` is given. */
  readonly size?: number;
  /** Instead of `size`: the most cells of a batch, the padding and all its sentences counted. */
  readonly tokens?: number;
  /**
   * Where a bucket ends and the next begins, in tokens, ascending: a record goes to the first bucket whose boundary its
   * longest sentence doesn't exceed, or to a last one beyond them all. Default `found`, from the first 1,024 records.
   */
  readonly boundaries?: readonly number[] | 'found';
  /** For boundaries that are found: how much of the batches may be padding, as a share. Default 0.1. */
  readonly padding?: number;
}

/** Records from whose lengths boundaries are found. */
const SAMPLE = 1024;

/**
 * Batches of sentences of like length, so that little of a batch is padding (tf.data's `bucket_by_sequence_length`).
 * Within a bucket records keep their order; a batch leaves when its bucket is full, what is left over at the end leaves
 * by bucket, the shortest first. Nothing is lost.
 *
 * @throws MillraceError MILLRACE_USAGE for boundaries that don't ascend, a size or budget below 1, or both of these
 */
export function bucket<T extends Text>(options: BucketOptions = {}): Stage<T, BatchOf<T>> {
  const { boundaries = 'found', padding = 0.1 } = options;
  const limit = batchLimit(options);
  if (boundaries !== 'found') checkAscending(boundaries);
  return defineStage<T, BatchOf<T>>({
    name: 'bucket',
    options: { ...limit, boundaries, ...(boundaries === 'found' && { padding }) },
    // Of texts it keeps none.
    consumes: true,
    async *stream(source, context) {
      const resumed = context.resumed as unknown as BucketState | undefined;
      const given = resumed?.boundaries ?? (boundaries === 'found' ? undefined : boundaries);
      let buckets = given && new Buckets<T>(given, limit);
      // What came before there are buckets.
      let sample: HeldChunk<T>[] = [];
      const again = resumed?.again ?? 0;
      const held = new Set(resumed?.held);
      // The record that is dealt with next: those of the sample come late.
      let next = 0;
      const trail = new Trail();
      const due = new BatchChunks<T>();
      context.onCheckpoint(() =>
        buckets
          ? checkpointOfHeld(trail, buckets.held(), next, context, { boundaries: buckets.boundaries })
          : trail.checkpoint(0, context),
      );

      function* put(chunk: HeldChunk<T>, into: Buckets<T>) {
        for (let row = 0; row < chunk.length; row++) {
          const ordinal = next++;
          // What had been dealt with before the run was stopped only fills the buckets as they were.
          if (ordinal < again && !held.has(ordinal)) continue;
          const full = into.add(chunk, row, ordinal);
          const ready = full && due.add(collate(full, context));
          if (ready) yield ready;
        }
        context.hold(into.size);
        const rest = due.take();
        if (rest) yield rest;
      }

      for await (const arrival of arrivals(source, context, resumed?.skip)) {
        trail.arrive(arrival);
        const chunk = new HeldChunk(arrival.chunk);
        if (buckets) {
          yield* put(chunk, buckets);
          continue;
        }
        sample.push(chunk);
        if (trail.next < SAMPLE) continue;
        buckets = new Buckets<T>(boundariesFor(sample, padding), limit);
        for (const chunk of sample) yield* put(chunk, buckets);
        sample = [];
      }
      buckets ??= new Buckets<T>(boundariesFor(sample, padding), limit);
      for (const chunk of sample) yield* put(chunk, buckets);
      for (let rest = buckets.shift(); rest; rest = buckets.shift()) {
        const ready = due.add(collate(rest, context));
        if (ready) yield ready;
      }
      const last = due.take();
      if (last) yield last;
    },
  });
}

/** Boundaries for records as the first of these are. */
function boundariesFor(chunks: readonly HeldChunk<Text>[], padding: number): number[] {
  const longest: number[] = [];
  for (const chunk of chunks) {
    for (let row = 0; row < chunk.length && longest.length < SAMPLE; row++) {
      longest.push(longestOf(chunk, row));
    }
  }
  return findBoundaries(longest, padding);
}

/** Which records the buckets hold, and where the buckets end. */
interface BucketState extends HeldState {
  readonly boundaries: readonly number[];
}

function batchLimit({ size, tokens }: BucketOptions): BatchLimit {
  if (size !== undefined && tokens !== undefined) {
    throw new MillraceError('MILLRACE_USAGE', 'A batch has one limit', { expected: 'either size or tokens, not both' });
  }
  if (tokens !== undefined) {
    checkPositive('token budget', tokens);
    return { tokens };
  }
  checkPositive('batch size', size ?? 32);
  return { size: size ?? 32 };
}

function checkAscending(boundaries: readonly number[]): void {
  const ascending = boundaries.every((boundary, i) => boundary > (boundaries[i - 1] ?? 0));
  if (ascending && boundaries.length > 0) return;
  throw new MillraceError('MILLRACE_USAGE', 'The bucket boundaries are wrong', {
    expected: 'lengths above 0 that ascend, such as 8, 16, 32',
    found: boundaries.join(', '),
  });
}
