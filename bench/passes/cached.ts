/** From a cache of ids, written by the first run of this pass, to padded batches. */
import { bucket, ids, type SentencePair, Vocabulary } from '../../stages/index.ts';
import type { BatchesOptions } from './batches.ts';
import { measure, type PassFigures, passOptions } from './pass.ts';
import { tokensOf } from './tokens.ts';

export interface CachedOptions extends BatchesOptions {
  /** The cache's folder. */
  readonly cache: string;
}

export interface CachedFigures extends PassFigures {
  readonly rows: number;
  /** Since the process began. */
  readonly firstBatchSeconds: number;
  /** Reading the cached records as they travel, without making batches of them. */
  readonly readSeconds: number;
}

const { vocabulary, batchSize, cache, ...source } = passOptions<CachedOptions>();
const words = await Vocabulary.load(vocabulary);
// What a training reads again each epoch: of the rest of a record nothing is needed.
const learntFrom = ['id', 'label', 'premise.ids', 'hypothesis.ids', 'origin'];
const cached = tokensOf(source).pipe(ids<SentencePair>(words)).select<SentencePair>(learntFrom).cache(cache);

// Where this is the first run, the cache is made now, and the figures mean nothing to whoever asks for warm ones.
await measure(async () => {
  const start = performance.now();
  const batches = cached.pipe(bucket<SentencePair>({ size: batchSize }));
  let firstBatchSeconds = 0;
  let rows = 0;
  for await (const { size } of batches) {
    firstBatchSeconds ||= performance.now() / 1000;
    rows += size;
  }
  const read = performance.now();
  for await (const _ of cached.chunks());
  const end = performance.now();
  return { rows, firstBatchSeconds, seconds: (read - start) / 1000, readSeconds: (end - read) / 1000 };
});
