import { defineStage, MillraceError, type Stage } from '../pipeline/index.ts';
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
      let sample: Held<T>[] = [];
      let sorter = boundaries === 'found' ? undefined : new Buckets<T>(boundaries, size);
      for await (const chunk of source) {
        for (let row = 0; row < chunk.length; row++) {
          let due: Held<T>[] = [{ chunk, row }];
          if (!sorter) {
            if (sample.push(...due) < SAMPLE) continue;
            sorter = new Buckets<T>(findBoundaries(sample), size);
            due = sample;
            sample = [];
          }
          for (const one of due) {
            const full = sorter.add(one);
            if (full) yield collate(full, context);
          }
        }
      }
      sorter ??= new Buckets<T>(findBoundaries(sample), size);
      for (const record of sample) {
        const full = sorter.add(record);
        if (full) yield collate(full, context);
      }
      for (const rest of sorter.rest()) yield collate(rest, context);
    },
  });
}

class Buckets<T extends Text> {
  readonly #boundaries: readonly number[];
  readonly #size: number;
  readonly #held: Held<T>[][];

  constructor(boundaries: readonly number[], size: number) {
    this.#boundaries = boundaries;
    this.#size = size;
    this.#held = Array.from({ length: boundaries.length + 1 }, () => []);
  }

  /** The bucket that the record fills, if it does. */
  add(record: Held<T>): Held<T>[] | undefined {
    const length = longestOf(record);
    const beyond = this.#boundaries.findIndex((boundary) => length <= boundary);
    const index = beyond < 0 ? this.#boundaries.length : beyond;
    const held = this.#held[index] as Held<T>[];
    if (held.push(record) < this.#size) return undefined;
    this.#held[index] = [];
    return held;
  }

  rest(): Held<T>[][] {
    return this.#held.filter((held) => held.length > 0);
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
