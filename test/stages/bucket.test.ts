import test from 'ava';
import fc from 'fast-check';
import { MillraceError, Pipeline } from '../../pipeline/index.ts';
import { findBoundaries } from '../../stages/boundaries.ts';
import { type BucketOptions, bucket } from '../../stages/bucket.ts';
import { ids } from '../../stages/ids.ts';
import { parse } from '../../stages/parse.ts';
import type { PairBatch, SentencePair } from '../../stages/records.ts';
import { tokenize } from '../../stages/tokenize.ts';
import { Vocabulary } from '../../stages/vocabulary.ts';
import { blockSizes, runs, snliFile } from './arbitraries.ts';
import { assertCloses, assertForms, errorOf, linesOf } from './forms.ts';
import { idPairs, pairAsBatched, pairOf, pairsOf, recount } from './sequences.ts';

const someBoundaries = fc
  .uniqueArray(fc.integer({ min: 1, max: 11 }), { minLength: 1, maxLength: 4 })
  .map((all) => all.sort((a, b) => a - b));

function lengthOf(pair: SentencePair): number {
  return Math.max(pair.premise.ids?.length ?? 0, pair.hypothesis.ids?.length ?? 0);
}

/** The batches that are to come, from the rule: a list for each bucket, sent off when it is full. */
function byHand(pairs: readonly SentencePair[], size: number, boundaries: readonly number[]): string[][] {
  const limits = [...boundaries, Number.POSITIVE_INFINITY];
  const buckets: string[][] = limits.map(() => []);
  const sent: string[][] = [];
  for (const pair of pairs) {
    const bucket = buckets[limits.findIndex((limit) => lengthOf(pair) <= limit)] as string[];
    bucket.push(pair.id);
    if (bucket.length === size) sent.push(bucket.splice(0));
  }
  return [...sent, ...buckets.filter((bucket) => bucket.length > 0)];
}

async function batchesOf(pairs: readonly SentencePair[], options: BucketOptions): Promise<PairBatch[]> {
  return Pipeline.from<SentencePair>(pairs).pipe(bucket(options)).toArray();
}

test('boundaries that are given: the batches are those of the rule', async (t) => {
  await fc.assert(
    fc.asyncProperty(idPairs, fc.integer({ min: 1, max: 7 }), someBoundaries, async (pairs, size, boundaries) => {
      const batches = await batchesOf(pairs, { size, boundaries });
      t.deepEqual(
        batches.map(({ pairIds }) => pairIds),
        byHand(pairs, size, boundaries),
      );
    }),
    runs(150),
  );
});

test('boundaries that are found: nothing is lost or doubled, and buckets keep their order', async (t) => {
  await fc.assert(
    fc.asyncProperty(idPairs, fc.integer({ min: 1, max: 7 }), async (pairs, size) => {
      const pipeline = Pipeline.from<SentencePair>(pairs).pipe(bucket({ size }));
      const batches = await pipeline.toArray();
      const sorted = batches.flatMap(pairsOf).sort((a, b) => (a.line as number) - (b.line as number));
      t.deepEqual(sorted, pairs.map(pairAsBatched));
      for (const { origins, size: held } of batches) {
        t.true(held <= size && held > 0);
        t.true(origins.every(({ line = 0 }, row) => row === 0 || line > (origins[row - 1]?.line ?? 0)));
      }
      t.deepEqual(pipeline.report().stages.at(-1)?.tallies, recount(batches));
    }),
    runs(150),
  );
});

test('boundaries are found from the first records, and keep padding below the target', async (t) => {
  const pairs = Array.from({ length: 2000 }, (_, row) => {
    const length = 1 + ((row * 7) % 40);
    return pairOf(row, length, length);
  });
  for (const padding of [0.05, 0.1, 0.3]) {
    const found = await batchesOf(pairs, { size: 16, padding });
    const { cells, padding: spent } = recount(found);
    t.true((spent as number) <= padding * (cells as number), `${padding}`);
    const boundaries = findBoundaries(
      Array.from({ length: 1024 }, (_, row) => 1 + ((row * 7) % 40)),
      padding,
    );
    const given = await batchesOf(pairs, { size: 16, boundaries });
    t.deepEqual(
      found.map(({ pairIds }) => pairIds),
      given.map(({ pairIds }) => pairIds),
    );
  }
});

test('a token budget: no batch has more cells, none could have taken the next of its bucket, nothing is lost', async (t) => {
  const pairs = Array.from({ length: 700 }, (_, row) => pairOf(row, 1 + ((row * 7) % 23), 1 + ((row * 5) % 17)));
  const boundaries = [8, 16];
  const batches = await batchesOf(pairs, { tokens: 400, boundaries });
  const cells = (rows: readonly number[]) =>
    rows.length *
    (Math.max(...rows.map((row) => 1 + ((row * 7) % 23))) + Math.max(...rows.map((row) => 1 + ((row * 5) % 17))));
  const rowsOf = (ids: readonly string[]) => ids.map((id) => pairs.findIndex((pair) => pair.id === id));
  const rows = batches.map(({ pairIds }) => rowsOf(pairIds));
  for (const batch of rows) t.true(cells(batch) <= 400);
  t.deepEqual(
    rows.flat().sort((a, b) => a - b),
    pairs.map((_, row) => row),
  );
  const bucketOf = (row: number) => {
    const longest = Math.max(1 + ((row * 7) % 23), 1 + ((row * 5) % 17));
    return boundaries.findIndex((end) => longest <= end);
  };
  for (const bucket of [0, 1, -1]) {
    const mine = rows.filter((batch) => bucketOf(batch[0] as number) === bucket);
    mine.slice(0, -1).forEach((batch, i) => {
      t.true(cells([...batch, (mine[i + 1] as number[])[0] as number]) > 400);
    });
  }
});

test('a sentence longer than the budget makes a batch of its own', async (t) => {
  const batches = await batchesOf([pairOf(0, 3, 3), pairOf(1, 50, 50), pairOf(2, 3, 3)], {
    tokens: 20,
    boundaries: [99],
  });
  t.deepEqual(
    batches.map(({ size }) => size),
    [1, 1, 1],
  );
});

test('buckets save padding where lengths differ', async (t) => {
  const pairs = Array.from({ length: 600 }, (_, row) => pairOf(row, 1 + ((row * 7) % 40), 1 + ((row * 7) % 40)));
  const paddingWith = async (boundaries: readonly number[]) =>
    recount(await batchesOf(pairs, { size: 8, boundaries })).padding as number;
  t.true((await paddingWith([10, 20, 30])) < (await paddingWith([40])) / 2);
});

test('nothing makes no batch, one record a batch of one', async (t) => {
  t.deepEqual(await batchesOf([], {}), []);
  t.deepEqual(
    (await batchesOf([pairOf(0, 0, 0)], {})).map(({ size }) => size),
    [1],
  );
});

test('any file gives the same batches in either form, however it is cut', async (t) => {
  const vocabulary = new Vocabulary(['<pad>', '<unk>', '.', "n't", 'café']);
  const upToIds = [parse('snli'), tokenize(), ids(vocabulary)];
  await fc.assert(
    fc.asyncProperty(snliFile, blockSizes, someBoundaries, async (file, sizes, boundaries) => {
      await assertForms(t, file, [...upToIds, bucket({ size: 2, boundaries })], sizes);
      await assertForms(t, file, [...upToIds, bucket({ size: 2 })], sizes);
    }),
    runs(30),
  );
});

test('boundaries that do not ascend and sizes below 1 are refused', (t) => {
  for (const boundaries of [[], [0], [-1, 2], [2, 2], [3, 1], [Number.NaN]]) {
    const error = t.throws(() => bucket({ boundaries }), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_USAGE', boundaries.join());
    t.regex(error.expected as string, /ascend/);
  }
  t.is(t.throws(() => bucket({ size: 0 }), { instanceOf: MillraceError }).code, 'MILLRACE_USAGE');
});

test('records without ids end the run, with their place', async (t) => {
  for (const boundaries of ['found', [3]] as const) {
    const error = await errorOf(t, linesOf('a').pipe(bucket({ boundaries })));
    t.is(error.code, 'MILLRACE_SHAPE');
    t.is(error.origin?.line, 1);
  }
});

test('stopping early and aborting close the source', async (t) => {
  for (const boundaries of ['found', [3]] as const) await assertCloses(t, bucket({ boundaries }), [pairOf(1, 2, 3)]);
});

test('nothing of what is left in many buckets is lost', async (t) => {
  const lengths = Array.from({ length: 70 }, (_, i) => i + 1);
  const pairs = lengths.flatMap((length) => [0, 1].map((copy) => pairOf(2 * length + copy, length, 1)));
  const batches = await batchesOf(pairs, { size: 3, boundaries: lengths });
  t.deepEqual(
    batches.map(({ pairIds }) => pairIds),
    byHand(pairs, 3, lengths),
  );
});
