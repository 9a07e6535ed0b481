import test from 'ava';
import fc from 'fast-check';
import { ColumnChunk, Pipeline, toPlain } from '../../pipeline/index.ts';
import { ids } from '../../stages/ids.ts';
import { lowercase } from '../../stages/lowercase.ts';
import { parse } from '../../stages/parse.ts';
import type { SentencePair } from '../../stages/records.ts';
import { tokenize } from '../../stages/tokenize.ts';
import { Vocabulary } from '../../stages/vocabulary.ts';
import { blockSizes, runs, snliFile, snliText, word } from './arbitraries.ts';
import { assertCloses, assertForms, chain, errorOf, linesOf, origin, staysTable } from './forms.ts';

const vocabulary = new Vocabulary(['<pad>', '<unk>', '.', 'dog', 'it', 'café']);
const upToIds = [parse('snli'), tokenize(), lowercase(), ids(vocabulary)];

test('tokens become ids, unknown ones that of <unk>; tables stay tables', async (t) => {
  t.true(await staysTable(snliText(), upToIds));
  const { records } = await assertForms(t, snliText(), upToIds, [10]);
  const { premise, hypothesis } = JSON.parse(records[0] as string);
  t.deepEqual(
    [premise.ids, hypothesis.ids],
    [
      [1, 3, 1, 2],
      [4, 1, 2],
    ],
  );
});

test('a table of which only the tokens are left stays a table of pairs', async (t) => {
  const tokens = linesOf(snliText()).pipe(parse('snli'), tokenize<SentencePair>(), lowercase<SentencePair>());
  const pairs = tokens
    .select<SentencePair>(['premise.tokens', 'hypothesis.tokens'])
    .pipe(ids<SentencePair>(vocabulary));
  for await (const chunk of pairs.chunks()) t.true(chunk instanceof ColumnChunk);
  const of = ({ premise, hypothesis }: SentencePair) => [premise.ids, hypothesis.ids].map(toPlain);
  t.deepEqual((await pairs.toArray()).map(of), (await tokens.pipe(ids<SentencePair>(vocabulary)).toArray()).map(of));
});

test('no records, no ids', async (t) => {
  t.deepEqual((await assertForms(t, '', upToIds)).records, []);
});

test('any tokens become the ids that the vocabulary says', async (t) => {
  await fc.assert(
    fc.asyncProperty(snliFile, blockSizes, fc.uniqueArray(word, { maxLength: 8 }), async (file, sizes, known) => {
      const some = new Vocabulary(['<pad>', '<unk>', ...known.filter((one) => one !== '<unk>')]);
      const { records } = await assertForms(t, file, [parse('snli'), tokenize(), ids(some)], sizes);
      for (const json of records) {
        const { premise, hypothesis } = JSON.parse(json);
        for (const { tokens, ids } of [premise, hypothesis]) {
          t.deepEqual(
            ids,
            tokens.map((token: string) => Math.max(1, some.tokens.indexOf(token))),
          );
        }
      }
    }),
    runs(60),
  );
});

test('the vocabulary may still have to be made: it is asked for when the stage runs', async (t) => {
  let asked = 0;
  const later = ids(async () => {
    asked++;
    return vocabulary;
  });
  const pipeline = chain(linesOf('dog'), [tokenize('word'), later]);
  t.is(asked, 0);
  t.deepEqual((await pipeline.toArray()).map(toPlain), [
    { text: 'dog', origin: { ...origin, line: 1 }, tokens: ['dog'], ids: [3] },
  ]);
  t.is(asked, 1);
  const failing = Pipeline.from([{ text: '' }]).pipe(ids(() => Promise.reject(new Error('no vocabulary'))));
  await t.throwsAsync(failing.toArray(), { message: 'no vocabulary' });
});

test('sentences without tokens end the run, with their place', async (t) => {
  const error = await errorOf(t, linesOf('a').pipe(ids(vocabulary)));
  t.is(error.code, 'MILLRACE_SHAPE');
  t.is(error.origin?.line, 1);
  t.regex(error.hint as string, /tokenize/);
});

test('stopping early and aborting close the source', async (t) => {
  await assertCloses(t, ids(vocabulary), [{ text: 'a', tokens: ['a'] }]);
  await assertCloses(
    t,
    ids(async () => vocabulary),
    [{ text: 'a', tokens: ['a'] }],
  );
});
