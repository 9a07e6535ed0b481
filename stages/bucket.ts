import {
  arrivals,
  type Chunk,
  checkpointOfHeld,
  defineStage,
  type HeldState,
  MillraceError,
  type Stage,
  Trail,
} from '../pipeline/index.ts';
import { type BatchOf, checkPositive, collate } from './batch.ts';
import { type Held, longestOf } from './held.ts';
import type { Text } from './sentences.ts';

export interface BucketOptions {
  /** Records to a batch. Default 32. */
  readonly size?: number;
  /**
   * Where a bucket ends and the next begins, in tokens, ascending: a record goes to the first bucket whose boundary its
   * longest sentence doesn't exceed, or to a last one beyond them all. Default `found`: such that four buckets each get
   * a like share of the first 1,024 records.
   */
  readonly boundaries?: readonly number[] | 'found';
}

const SAMPLE = 1024;
const FOUND_BUCKETS = 4;

/**
 * Batches of sentences of like length, so that little of a batch is padding (tf.data's `bucket_by_sequence_length`).
 * Within a bucket records keep their order; a batch leaves when its bucket is full, what is left over at the end leaves
 * by bucket, the shortest first. Nothing is lost.
 *
 * @throws MillraceError MILLRACE_USAGE for boundaries that don't ascend or a size below 1
 */
export function bucket<T extends Text>({ size = 32, boundaries = 'found' }: BucketOptions = {}): Stage<T, BatchOf<T>> {
  checkPositive('batch size', size);
  if (boundaries !== 'found') checkAscending(boundaries);
  return defineStage<T, BatchOf<T>>({
    name: 'bucket',
    options: { size, boundaries },
    async *stream(source, context) {
      const resumed = context.resumed as unknown as BucketState | undefined;
      const given = resumed?.boundaries ?? (boundaries === 'found' ? undefined : boundaries);
      let buckets = given && new Buckets<T>(given, size);
      let sample: Held<T>[] = [];
      const again = resumed?.again ?? 0;
      const held = new Set(resumed?.held);
      // The record that is dealt with next: those of the sample come late.
      let next = 0;
      const trail = new Trail();
      context.onCheckpoint(() =>
        buckets
          ? checkpointOfHeld(trail, buckets.ordinals(), next, context, { boundaries: buckets.boundaries })
          : trail.checkpoint(0, context),
      );

      function* put(due: Iterable<Held<T>>, into: Buckets<T>) {
        for (const record of due) {
          const ordinal = next++;
          // What had been dealt with before the run was stopped only fills the buckets as they were.
          if (ordinal < again && !held.has(ordinal)) continue;
          const full = into.add(record, ordinal);
          if (full) yield collate(full, context);
        }
      }

      for await (const arrival of arrivals(source, context, resumed?.skip)) {
        trail.arrive(arrival);
        const { chunk } = arrival;
        if (buckets) yield* put(rowsOf(chunk), buckets);
        else {
          sample.push(...rowsOf(chunk));
          if (sample.length < SAMPLE) continue;
          buckets = new Buckets<T>(findBoundaries(sample.slice(0, SAMPLE)), size);
          yield* put(sample, buckets);
          sample = [];
        }
      }
      buckets ??= new Buckets<T>(findBoundaries(sample), size);
      yield* put(sample, buckets);
      for (let rest = buckets.shift(); rest; rest = buckets.shift()) yield collate(rest, context);
    },
  });
}

/** Which records the buckets hold, and where the buckets end. */
interface BucketState extends HeldState {
  readonly boundaries: readonly number[];
}

function* rowsOf<T extends Text>(chunk: Chunk<T>): Generator<Held<T>> {
  for (let row = 0; row < chunk.length; row++) yield { chunk, row };
}

/** Records by length, each with its ordinal. */
class Buckets<T extends Text> {
  readonly boundaries: readonly number[];
  readonly #size: number;
  readonly #buckets: { records: Held<T>[]; ordinals: number[] }[];

  constructor(boundaries: readonly number[], size: number) {
    this.boundaries = boundaries;
    this.#size = size;
    this.#buckets = Array.from({ length: boundaries.length + 1 }, () => ({ records: [], ordinals: [] }));
  }

  /** The bucket that the record fills, if it does; it is empty then. */
  add(record: Held<T>, ordinal: number): Held<T>[] | undefined {
    const length = longestOf(record);
    const beyond = this.boundaries.findIndex((boundary) => length <= boundary);
    const index = beyond < 0 ? this.boundaries.length : beyond;
    const bucket = this.#buckets[index] as { records: Held<T>[]; ordinals: number[] };
    bucket.ordinals.push(ordinal);
    return bucket.records.push(record) < this.#size ? undefined : this.#empty(index);
  }

  /** The first bucket that is not empty, if there is one; it is empty then. */
  shift(): Held<T>[] | undefined {
    const index = this.#buckets.findIndex(({ records }) => records.length > 0);
    return index < 0 ? undefined : this.#empty(index);
  }

  ordinals(): number[] {
    return this.#buckets.flatMap(({ ordinals }) => ordinals);
  }

  #empty(index: number): Held<T>[] {
    const { records } = this.#buckets[index] as { records: Held<T>[] };
    this.#buckets[index] = { records: [], ordinals: [] };
    return records;
  }
}

/** Quantiles of the lengths, each once. */
function findBoundaries(sample: readonly Held<Text>[]): number[] {
  const lengths = sample.map(longestOf).sort((a, b) => a - b);
  const cuts = Array.from({ length: FOUND_BUCKETS - 1 }, (_, cut) =>
    Math.ceil(((cut + 1) * lengths.length) / FOUND_BUCKETS),
  );
  const found = cuts.map((cut) => lengths[cut - 1]).filter((length) => length !== undefined);
  return [...new Set(found)];
}

function checkAscending(boundaries: readonly number[]): void {
  const ascending = boundaries.every((boundary, i) => boundary > (boundaries[i - 1] ?? 0));
  if (ascending && boundaries.length > 0) return;
  throw new MillraceError('MILLRACE_USAGE', 'The bucket boundaries are wrong', {
    expected: 'lengths above 0 that ascend, such as 8, 16, 32',
    found: boundaries.join(', '),
  });
}
