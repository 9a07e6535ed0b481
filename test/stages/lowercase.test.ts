import test from 'ava';
import fc from 'fast-check';
import { toPlain } from '../../pipeline/index.ts';
import { lowercase } from '../../stages/lowercase.ts';
import { parse } from '../../stages/parse.ts';
import { tokenize } from '../../stages/tokenize.ts';
import { blockSizes, leavesOf, runs, snliFile, snliText, tree, writeTree } from './arbitraries.ts';
import { assertCloses, assertForms, chain, line, linesOf, staysTable } from './forms.ts';

const stages = [parse('snli'), tokenize(), lowercase()];

test('tokens are lower-cased, and the text that they came from is not', async (t) => {
  t.true(await staysTable(snliText(), stages));
  const { records } = await assertForms(t, snliText(), stages, [8]);
  const { premise } = JSON.parse(records[0] as string);
  t.deepEqual(premise.tokens, ['a', 'dog', 'sleeps', '.']);
  t.is(premise.text, 'A dog sleeps.');
});

test('a sentence without tokens has its text lower-cased', async (t) => {
  const { records } = await assertForms(t, 'ÄB c\n', [lowercase()], [1]);
  t.is(JSON.parse(records[0] as string).text, 'äb c');
});

test('no records, none lower-cased', async (t) => {
  t.deepEqual((await assertForms(t, '', stages)).records, []);
});

test('any tokens are lower-cased as strings are', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(tree, { minLength: 1, maxLength: 4 }), blockSizes, async (trees, sizes) => {
      const rows = trees.map((node) => snliText({ sentence1_binary_parse: writeTree(node) }));
      const { records } = await assertForms(t, rows.join('\n'), stages, sizes);
      const expected = trees.map((node) => leavesOf(node).map((token) => token.toLowerCase()));
      t.deepEqual(
        records.map((json) => JSON.parse(json).premise.tokens),
        expected,
      );
    }),
    runs(80),
  );
});

test('any file gives the same in either form, however it is cut', async (t) => {
  await fc.assert(
    fc.asyncProperty(snliFile, blockSizes, async (file, sizes) => {
      await assertForms(t, file, stages, sizes);
      await assertForms(t, file, [parse('snli'), lowercase(), tokenize('word')], sizes);
    }),
    runs(40),
  );
});

test('rows that a filter left out do not matter', async (t) => {
  const rows = ['A B', 'É', 'C D'].map((text) =>
    snliText({ sentence1_binary_parse: text.replace(/(\w) (\w)/, '( $1 $2 )') }),
  );
  const all = chain(linesOf(rows.join('\n')), stages.slice(0, 2)) as ReturnType<typeof chain>;
  const kept = chain(
    all.filter((_, index) => index !== 1),
    [lowercase()],
  );
  const tokens = (await kept.toArray()).map(
    (pair) => (toPlain(pair) as { premise: { tokens: string[] } }).premise.tokens,
  );
  t.deepEqual(tokens, [
    ['a', 'b'],
    ['c', 'd'],
  ]);
});

test('stopping early and aborting close the source', async (t) => {
  await assertCloses(t, lowercase(), [line('A')]);
});
