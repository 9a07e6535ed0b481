import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { MillraceError, Pipeline } from '../../pipeline/index.ts';
import { type GloveOptions, glove, loadGlove, type MissingPolicy } from '../../stages/glove.ts';
import { lowercase } from '../../stages/lowercase.ts';
import { readPairs } from '../../stages/read.ts';
import { openSource } from '../../stages/source.ts';
import { tokenize } from '../../stages/tokenize.ts';
import { Vocabulary } from '../../stages/vocabulary.ts';
import { realData, testOnReal } from '../real-data.ts';
import { blockSizes, runs, word } from './arbitraries.ts';
import { assertCloses, cut, origin } from './forms.ts';

const FILE = 'the 1 2\n. 3 4\ndog 5 6\nthe 9 9\nwhether 7 8\n<unk> 50 50\n<pad> 60 60\n';

function vocabularyOf(...tokens: string[]): Vocabulary {
  return new Vocabulary(['<pad>', '<unk>', ...tokens]);
}

/** Opens the file anew each time; `opened` counts. */
function opener(file: string, sizes?: readonly number[]) {
  const open = Object.assign(
    async function* () {
      open.opened++;
      yield* cut(file, sizes);
    },
    { opened: 0 },
  );
  return open;
}

async function load(tokens: readonly string[], options?: GloveOptions, file = FILE) {
  const vocabulary = vocabularyOf(...tokens);
  const embeddings = await loadGlove(opener(file), vocabulary, options);
  const { matrix, dimension } = embeddings;
  const rows = vocabulary.tokens.map((_, id) => [...matrix.subarray(id * dimension, (id + 1) * dimension)]);
  return { ...embeddings, rows, rowOf: (token: string) => rows[vocabulary.id(token)] };
}

test('words get their first vector; <pad> is zero, <unk> the mean of what was found', async (t) => {
  const { rows, dimension } = await load(['the', 'dog', '.']);
  t.is(dimension, 2);
  t.deepEqual(rows, [
    [0, 0],
    [3, 4],
    [1, 2],
    [5, 6],
    [3, 4],
  ]);
});

test('the rows of any vocabulary are those of a naive reader, however the file is cut', async (t) => {
  const entry = fc.tuple(word, fc.float({ min: -2, max: 2, noNaN: true }), fc.float({ min: -2, max: 2, noNaN: true }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(entry, { minLength: 1, maxLength: 15 }),
      fc.uniqueArray(word),
      blockSizes,
      async (rows, known, sizes) => {
        const first = new Map([...rows].reverse().map(([token, ...values]) => [token, values]));
        const vocabulary = vocabularyOf(
          ...new Set([rows[0]?.[0] ?? '', ...known].filter((token) => token !== '<unk>')),
        );
        const wanted = vocabulary.tokens.slice(2);
        const found = wanted.filter((token) => first.has(token));
        const file = rows.map((fields) => `${fields.join(' ')}\n`).join('');
        const open = opener(file, sizes);
        if (found.length === 0) return void (await t.throwsAsync(loadGlove(open, vocabulary)));
        const { matrix, coverage } = await loadGlove(open, vocabulary, { missing: 'zero' });
        t.is(open.opened, 1);
        wanted.forEach((token, i) => {
          const expected = (first.get(token) ?? [0, 0]).map(Math.fround);
          t.deepEqual([...matrix.subarray(2 * i + 4, 2 * i + 6)], expected);
        });
        t.is(coverage.found, found.length);
        t.deepEqual(
          coverage.missing,
          wanted.filter((token) => !first.has(token)),
        );
      },
    ),
    runs(100),
  );
});

test('a missing word gets zeros, the mean, or values like those found', async (t) => {
  const tokens = ['the', 'dog', 'zzz'];
  t.deepEqual((await load(tokens, { missing: 'zero' })).rowOf('zzz'), [0, 0]);
  t.deepEqual((await load(tokens, { missing: 'mean' })).rowOf('zzz'), [3, 4]);
  const once = await load(tokens, { missing: 'random', seed: 7 });
  t.deepEqual((await load(tokens, { seed: 7 })).rows, once.rows, 'the same seed gives the same values');
  t.notDeepEqual((await load(tokens, { missing: 'random', seed: 8 })).rowOf('zzz'), once.rowOf('zzz'));
  t.deepEqual(once.rowOf('the'), [1, 2]);
});

test('random values have the mean and deviation of the vectors found', async (t) => {
  const strange = Array.from({ length: 3000 }, (_, i) => `zz${i}`);
  const { rows } = await load(['the', 'dog', ...strange], { missing: 'random', seed: 3 });
  const values = rows.slice(4).flat();
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  // Found were 1, 2, 5 and 6. Of 6,000 normal values mean and deviation lie within four standard errors.
  const expected = Math.sqrt((2.5 ** 2 + 1.5 ** 2 + 1.5 ** 2 + 2.5 ** 2) / 4);
  t.true(Math.abs(mean - 3.5) < (4 * expected) / Math.sqrt(6000));
  t.true(Math.abs(deviation - expected) < (4 * expected) / Math.sqrt(12000));
  t.true(Math.max(...values) - mean > 3 * expected, 'normal values have tails');
});

test('the nearest spelling stands in, also one that the vocabulary lacks', async (t) => {
  const open = opener(FILE);
  const vocabulary = vocabularyOf('dog', 'dogs', 'wether', 'wethir', 'teh', 'whetherabc');
  const { matrix, coverage } = await loadGlove(open, vocabulary, { missing: 'nearest', seed: 1 });
  t.deepEqual(coverage.standIns, { dogs: 'dog', wether: 'whether', wethir: 'whether' });
  t.deepEqual([...matrix.subarray(4, 10)], [5, 6, 5, 6, 7, 8]);
  t.deepEqual([...matrix.subarray(10, 12)], [7, 8]);
  // Two edits are too many for three letters, and three for any word: random values.
  t.false(matrix.subarray(12, 16).includes(0));
  t.is(open.opened, 2);
  t.deepEqual(coverage.missing, ['dogs', 'wether', 'wethir', 'teh', 'whetherabc']);
  t.is(coverage.found, 1);
});

test('words named like members of objects are words', async (t) => {
  const file = 'constructors 1 2\n__proto_ 3 4\nthe 5 6\n';
  const { coverage, rowOf } = await load(['the', 'constructor', '__proto__', 'toString'], { missing: 'nearest' }, file);
  t.deepEqual(Object.entries(coverage.standIns), [
    ['constructor', 'constructors'],
    ['__proto__', '__proto_'],
  ]);
  t.deepEqual(
    [rowOf('constructor'), rowOf('__proto__')],
    [
      [1, 2],
      [3, 4],
    ],
  );
  t.true(rowOf('toString')?.every(Number.isFinite));
});

test('coverage is told by words and by running words', async (t) => {
  const vocabulary = Vocabulary.fromCounts(
    new Map([
      ['the', 6],
      ['dog', 2],
      ['xyz', 3],
      ['rare', 1],
    ]),
    { minCount: 2 },
  );
  const { coverage } = await loadGlove(opener(FILE), vocabulary);
  t.deepEqual(coverage, { words: 3, found: 2, tokenShare: 8 / 12, missing: ['xyz'], standIns: {} });
});

test('vectors of none of the words are an error that says what to do', async (t) => {
  const error = await t.throwsAsync(load(['The', 'Dog']), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_NOT_FOUND');
  t.regex(error.expected as string, /2 words, such as The, Dog/);
  t.regex(error.hint as string, /lowercase/);
  t.is((await t.throwsAsync(load([], {}, ''), { instanceOf: MillraceError })).code, 'MILLRACE_NOT_FOUND');
});

test('a broken row of a wanted word is named with its place, an unknown policy with those that are known', async (t) => {
  const broken = await t.throwsAsync(load(['the', 'dog'], {}, 'the 1 2\ndog 1\n'), { instanceOf: MillraceError });
  t.deepEqual([broken.code, broken.origin?.source, broken.origin?.line], ['MILLRACE_BAD_RECORD', origin.source, 2]);
  for (const missing of ['none', 'toString'] as string[] as MissingPolicy[]) {
    const unknown = await t.throwsAsync(load(['the'], { missing }), { instanceOf: MillraceError });
    t.is(unknown.code, 'MILLRACE_USAGE');
    t.regex(unknown.message, /zero, random, mean, nearest/);
  }
});

test('as a stage it gives rows as records: all, or those of a vocabulary', async (t) => {
  const rowsOf = async (stage: ReturnType<typeof glove>) =>
    (
      await Pipeline.from(cut(FILE, [4]))
        .pipe(stage)
        .toArray()
    ).map(({ word, vector }) => `${word} ${vector.join(' ')}`);
  t.deepEqual(await rowsOf(glove()), FILE.trimEnd().split('\n'));
  t.deepEqual(await rowsOf(glove(async () => vocabularyOf('dog', '.'))), ['. 3 4', 'dog 5 6']);
});

test('as a stage it leaves bad rows out, and counts them, where the policy says so', async (t) => {
  const pipeline = Pipeline.from(cut('the 1 2\ndog 1\n. 3 4\nand 1 x\n', [4]))
    .pipe(glove())
    .onError('skip');
  t.deepEqual(
    (await pipeline.toArray()).map(({ word }) => word),
    ['the', '.'],
  );
  t.is(pipeline.report().stages.at(-1)?.rejected, 2);
});

test('stopping early and aborting close the source', async (t) => {
  await assertCloses(t, glove(), [{ bytes: Buffer.from(FILE), origin, last: false }]);
});

testOnReal('glove', 'real vectors cover nearly all running words of real sentences', async (t, path) => {
  if (realData.snli === undefined) {
    t.pass('the sentences are not there');
    return;
  }
  const pairs = readPairs(`${realData.snli}#snli_1.0/snli_1.0_dev.jsonl`).take(300);
  const vocabulary = await Vocabulary.build(pairs.pipe(tokenize(), lowercase()));
  const { coverage, matrix, dimension } = await loadGlove(
    () => openSource(join(`${path}#glove.6B.100d.txt`)),
    vocabulary,
    { missing: 'zero' },
  );
  t.is(dimension, 100);
  t.is(matrix.length, vocabulary.size * 100);
  t.log(`${coverage.found} of ${coverage.words} words, ${(100 * coverage.tokenShare).toFixed(2)}% of running words`);
  t.true(coverage.tokenShare > 0.98);
  vocabulary.tokens.forEach((token, id) => {
    const isZero = matrix.subarray(id * 100, id * 100 + 100).every((value) => value === 0);
    t.is(isZero, id === 0 || coverage.missing.includes(token), token);
  });
});
