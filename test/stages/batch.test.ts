import test from 'ava';
import fc from 'fast-check';
import { MillraceError, Pipeline } from '../../pipeline/index.ts';
import { batch } from '../../stages/batch.ts';
import { ids } from '../../stages/ids.ts';
import { parse } from '../../stages/parse.ts';
import type { SentencePair } from '../../stages/records.ts';
import type { Text } from '../../stages/sentences.ts';
import { tokenize } from '../../stages/tokenize.ts';
import { Vocabulary } from '../../stages/vocabulary.ts';
import { blockSizes, runs, snliFile } from './arbitraries.ts';
import { assertCloses, assertForms, errorOf, linesOf } from './forms.ts';
import { idPairs, pairAsBatched, pairOf, pairsOf, recount } from './sequences.ts';

test('nothing is lost, doubled or moved; the widths fit and the ledger equals a recount', async (t) => {
  await fc.assert(
    fc.asyncProperty(idPairs, fc.integer({ min: 1, max: 9 }), async (pairs, size) => {
      const pipeline = Pipeline.from<SentencePair>(pairs).pipe(batch(size));
      const batches = await pipeline.toArray();
      t.deepEqual(batches.flatMap(pairsOf), pairs.map(pairAsBatched));
      t.true(batches.slice(0, -1).every((one) => one.size === size));
      for (const one of batches) {
        t.is(one.pairIds.length, one.size);
        t.is(one.premise.width, Math.max(1, ...one.premise.lengths));
        t.is(one.hypothesis.width, Math.max(1, ...one.hypothesis.lengths));
      }
      t.deepEqual(pipeline.report().stages.at(-1)?.tallies, recount(batches));
    }),
    runs(150),
  );
});

test('a width of its own cuts what is longer', async (t) => {
  await fc.assert(
    fc.asyncProperty(idPairs, fc.integer({ min: 1, max: 9 }), async (pairs, width) => {
      const pipeline = Pipeline.from<SentencePair>(pairs).pipe(batch(4, { width }));
      const batches = await pipeline.toArray();
      t.true(batches.every(({ premise, hypothesis }) => premise.width === width && hypothesis.width === width));
      const cut = pairs.map(pairAsBatched).map(({ premise, hypothesis, ...rest }) => {
        return { ...rest, premise: premise.slice(0, width), hypothesis: hypothesis.slice(0, width) };
      });
      t.deepEqual(batches.flatMap(pairsOf), cut);
      t.deepEqual(pipeline.report().stages.at(-1)?.tallies, recount(batches));
    }),
    runs(60),
  );
});

test('pairs and single sentences in one batch are an error, in one chunk or in two', async (t) => {
  const pair = pairOf(1, 2, 1);
  const sentence = { text: '', ids: [1], origin: { source: 'sentences.txt', line: 7 } };
  for (const records of [
    [pair, sentence],
    [sentence, pair],
  ]) {
    for (const rows of [1, 2]) {
      const batches = Pipeline.from<Text>(records).rechunk(rows).pipe(batch(2));
      const error = (await t.throwsAsync(batches.toArray(), { instanceOf: MillraceError })) as MillraceError;
      t.is(error.code, 'MILLRACE_SHAPE');
      t.regex(error.message, /Pairs and single sentences make no batch together/);
    }
  }
});

test('sentences that are no pairs make batches too, with origins if all have one', async (t) => {
  const sentences = [
    { text: '', ids: [1, 2] },
    { text: '', ids: [3] },
  ];
  const [first] = await Pipeline.from(sentences).pipe(batch(2)).toArray();
  t.deepEqual(first, {
    size: 2,
    sentence: { ids: Int32Array.of(1, 2, 3, 0), lengths: Int32Array.of(2, 1), width: 2 },
  });
  const origins = [{ source: 'a' }, { source: 'b' }];
  const placed = sentences.map((sentence, row) => ({ ...sentence, origin: origins[row] as { source: string } }));
  const [second] = await Pipeline.from(placed).pipe(batch(2)).toArray();
  t.deepEqual(second?.origins, origins);
});

test('nothing makes no batch, one record a batch of one', async (t) => {
  t.deepEqual(await Pipeline.from<SentencePair>([]).pipe(batch(3)).toArray(), []);
  const [only, ...others] = await Pipeline.from([pairOf(1, 2, 3)])
    .pipe(batch(3))
    .toArray();
  t.is(only?.size, 1);
  t.is(others.length, 0);
});

test('any file gives the same batches in either form, however it is cut', async (t) => {
  const vocabulary = new Vocabulary(['<pad>', '<unk>', '.', "n't", 'café']);
  await fc.assert(
    fc.asyncProperty(snliFile, blockSizes, async (file, sizes) => {
      await assertForms(t, file, [parse('snli'), tokenize(), ids(vocabulary), batch(3)], sizes);
    }),
    runs(50),
  );
});

test('sizes and widths below 1 are refused', (t) => {
  for (const make of [() => batch(0), () => batch(1.5), () => batch(Number.NaN), () => batch(1, { width: 0 })]) {
    t.is(t.throws(make, { instanceOf: MillraceError }).code, 'MILLRACE_USAGE');
  }
});

test('records without ids end the run, with their place', async (t) => {
  const error = await errorOf(t, linesOf('a').pipe(batch(2)));
  t.is(error.code, 'MILLRACE_SHAPE');
  t.is(error.origin?.line, 1);
  t.regex(error.hint as string, /ids/);
});

test('stopping early and aborting close the source', async (t) => {
  await assertCloses(t, batch(3), [pairOf(1, 2, 3)]);
});
