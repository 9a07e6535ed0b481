import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { MillraceError } from '../../pipeline/index.ts';
import { parse } from '../../stages/parse.ts';
import { tokenize } from '../../stages/tokenize.ts';
import { Vocabulary } from '../../stages/vocabulary.ts';
import { vocabulary } from '../../stages/vocabulary-entries.ts';
import { blockSizes, runs, snliFile } from './arbitraries.ts';
import { temporaryFolder } from './files.ts';
import { assertCloses, assertForms, chain, errorOf, linesOf } from './forms.ts';

test('the entries are those of the vocabulary, in the order of their ids', async (t) => {
  const { records } = await assertForms(t, 'b a b\nc', [tokenize('word'), vocabulary({ maxSize: 4 })], [2]);
  t.deepEqual(
    records.map((json) => JSON.parse(json)),
    [
      { id: 0, token: '<pad>', count: 0 },
      { id: 1, token: '<unk>', count: 1 },
      { id: 2, token: 'b', count: 2 },
      { id: 3, token: 'a', count: 1 },
    ],
  );
});

test('nothing makes <pad> and <unk>', async (t) => {
  t.is((await assertForms(t, '', [tokenize('word'), vocabulary()])).records.length, 2);
});

test('any file makes the vocabulary that Vocabulary.build does, in either form', async (t) => {
  await fc.assert(
    fc.asyncProperty(snliFile, blockSizes, async (file, sizes) => {
      const { records } = await assertForms(t, file, [parse('snli'), tokenize('whitespace'), vocabulary()], sizes);
      const pairs = linesOf(file).pipe(parse('snli'), tokenize('whitespace')).onError('skip');
      const { tokens, counts } = await Vocabulary.build(pairs);
      t.deepEqual(
        records.map((json) => JSON.parse(json)),
        tokens.map((token, id) => ({ id, token, count: counts[id] })),
      );
    }),
    runs(40),
  );
});

test('it is saved when the stream has ended, and not when it fails', async (t) => {
  const path = join(await temporaryFolder(t), 'vocab.json');
  await errorOf(t, chain(linesOf('a'), [vocabulary({ save: path })]));
  t.false(existsSync(path));
  await chain(linesOf('a b'), [tokenize('word'), vocabulary({ save: path })]).toArray();
  t.deepEqual((await Vocabulary.load(path)).tokens, ['<pad>', '<unk>', 'a', 'b']);
});

test('bounds that are no bounds are refused when the stage is made', (t) => {
  for (const bounds of [{ minCount: 0 }, { maxSize: 1 }, { maxDistinct: 1 }]) {
    t.throws(() => vocabulary(bounds), { instanceOf: MillraceError, code: 'MILLRACE_USAGE' });
  }
});

test('with more distinct tokens than are held, either form holds the same ones and says how far counts are off', async (t) => {
  await fc.assert(
    fc.asyncProperty(snliFile, blockSizes, fc.integer({ min: 2, max: 20 }), async (file, sizes, maxDistinct) => {
      const bounded = vocabulary({ maxDistinct });
      const { records } = await assertForms(t, file, [parse('snli'), tokenize('whitespace'), bounded], sizes);
      t.true(records.length <= maxDistinct + 2);
    }),
    runs(30),
  );
  const entries = chain(linesOf('a b c d a'), [tokenize('word'), vocabulary({ maxDistinct: 3 })]);
  t.deepEqual((await entries.toArray()).slice(2), [{ id: 2, token: 'a', count: 1 }]);
  t.deepEqual(entries.report().stages.at(-1)?.tallies, { undercount: 1 });
});

test('aborting closes the source', async (t) => {
  await assertCloses(t, vocabulary(), [{ text: 'a', tokens: ['a'] }]);
});
