import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { MillraceError, Pipeline, Utf8Column } from '../../pipeline/index.ts';
import { parse } from '../../stages/parse.ts';
import { tokenize } from '../../stages/tokenize.ts';
import { PAD, UNK, UNK_ID, Vocabulary } from '../../stages/vocabulary.ts';
import { runs, snliText, words } from './arbitraries.ts';
import { temporaryFolder } from './files.ts';
import { linesOf } from './forms.ts';

const sentences = fc.array(words, { maxLength: 8 });

function build(all: readonly (readonly string[])[], options = {}): Promise<Vocabulary> {
  return Vocabulary.build(Pipeline.from(all.map((tokens) => ({ text: tokens.join(' '), tokens }))), options);
}

/** What a vocabulary is to be, by hand. */
function byHand(all: readonly string[], minCount: number, maxSize: number) {
  const known = [...new Set(all)].filter((token) => token !== PAD && token !== UNK);
  const countOf = (token: string) => all.filter((one) => one === token).length;
  const order = (a: string, b: string) => countOf(b) - countOf(a) || Buffer.compare(Buffer.from(a), Buffer.from(b));
  const tokens = known
    .filter((token) => countOf(token) >= minCount)
    .sort(order)
    .slice(0, maxSize - 2);
  const leftOut = known.filter((token) => !tokens.includes(token)).reduce((sum, token) => sum + countOf(token), 0);
  return { tokens: [PAD, UNK, ...tokens], counts: [0, leftOut, ...tokens.map(countOf)] };
}

test('ids follow count, then bytes, within the bounds', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      sentences,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 2, max: 20 }),
      async (all, minCount, maxSize) => {
        const { tokens, counts } = await build(all, { minCount, maxSize });
        t.deepEqual({ tokens, counts }, byHand(all.flat(), minCount, maxSize));
      },
    ),
    runs(150),
  );
});

test('the same sentences in any order give the same ids', async (t) => {
  await fc.assert(
    fc.asyncProperty(sentences, fc.infiniteStream(fc.nat()), async (all, order) => {
      const shuffled = all
        .map((tokens) => ({ tokens: [...tokens].reverse(), rank: order.next().value as number }))
        .sort((a, b) => a.rank - b.rank);
      t.deepEqual((await build(shuffled.map(({ tokens }) => tokens))).tokens, (await build(all)).tokens);
    }),
    runs(80),
  );
});

test('an id leads to its token, and unknown tokens to <unk>', async (t) => {
  const vocabulary = await build([['b', 'a', 'b', '__proto__', 'constructor']]);
  t.deepEqual(vocabulary.tokens, ['<pad>', '<unk>', 'b', '__proto__', 'a', 'constructor']);
  for (const [id, token] of [...vocabulary.tokens.entries()].slice(UNK_ID)) t.is(vocabulary.id(token), id);
  t.is(vocabulary.size, 6);
  for (const token of ['c', '', 'toString']) {
    t.is(vocabulary.id(token), UNK_ID);
    t.false(vocabulary.has(token));
  }
});

test('nothing makes a vocabulary of <pad> and <unk>', async (t) => {
  t.deepEqual((await build([])).tokens, [PAD, UNK]);
});

test('tables and values give the same vocabulary', async (t) => {
  const pairs = linesOf(`${snliText()}\n${snliText({ pairID: 'b' })}`).pipe(parse('snli'), tokenize());
  const fromTables = await Vocabulary.build(pairs);
  const fromValues = await Vocabulary.build(pairs.map((pair) => pair));
  t.deepEqual([fromTables.tokens, fromTables.counts], [fromValues.tokens, fromValues.counts]);
  t.deepEqual(fromTables.tokens, [PAD, UNK, '.', 'A', 'It', 'dog', 'dreams', 'sleeps']);
});

test('bounds that are no bounds are refused', (t) => {
  const wrong = [
    { minCount: 0 },
    { minCount: Number.NaN },
    { maxSize: 1 },
    { maxSize: Number.NaN },
    { maxDistinct: 1 },
  ];
  for (const options of wrong) {
    const error = t.throws(() => Vocabulary.fromCounts(new Map(), options), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_USAGE');
    t.regex(error.message, new RegExp(Object.keys(options)[0] as string));
  }
});

test('bounds are checked before anything is read', async (t) => {
  const untouched = Pipeline.from([{ text: 'a', tokens: ['a'] }]).tap(() => t.fail());
  await t.throwsAsync(Vocabulary.build(untouched, { maxDistinct: 0 }), { code: 'MILLRACE_USAGE' });
});

test('within maxDistinct it is the vocabulary that it is without; beyond, <unk> has what was forgotten', async (t) => {
  await fc.assert(
    fc.asyncProperty(sentences, fc.integer({ min: 2, max: 9 }), async (all, maxDistinct) => {
      const exact = await build(all);
      const bounded = await build(all, { maxDistinct });
      const distinct = new Set(all.flat()).size;
      if (distinct <= maxDistinct) t.deepEqual(bounded, exact);
      else t.true(bounded.undercount > 0 && bounded.size <= maxDistinct + 2);
      const total = ({ counts }: Vocabulary) => counts.reduce((sum, count) => sum + count, 0);
      // The corpus' own <unk> is in no count; among the forgotten nobody can tell it apart.
      if (!all.flat().includes(UNK)) t.is(total(bounded), total(exact));
      bounded.tokens.slice(2).forEach((token, i) => {
        const missed = (exact.counts[exact.id(token)] as number) - (bounded.counts[i + 2] as number);
        t.true(missed >= 0 && missed <= bounded.undercount);
      });
    }),
    runs(150),
  );
});

test('sentences without tokens are refused', async (t) => {
  const error = await t.throwsAsync(Vocabulary.build(Pipeline.from([{ text: 'a' }])), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_SHAPE');
});

test('what is saved is loaded, and nothing is left beside it', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'deep', 'vocab.json');
  const wild = fc.array(
    fc.string({ unit: 'binary' }).filter((token) => token !== PAD && token !== UNK),
    { maxLength: 9 },
  );
  await fc.assert(
    fc.asyncProperty(wild, async (all) => {
      const saved = await build([all], { maxDistinct: 4 });
      await saved.save(path);
      const loaded = await Vocabulary.load(path);
      t.deepEqual(loaded, saved);
      const first = await readFile(path);
      await loaded.save(path);
      t.deepEqual(await readFile(path), first);
    }),
    runs(40),
  );
  t.deepEqual(await readdir(join(folder, 'deep')), ['vocab.json']);
});

test('a file that is no vocabulary is named, with what is wrong', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'vocab.json');
  const bad: readonly [text: string, wrong: RegExp][] = [
    ['', /JSON/],
    ['{"tokens":["<pad>","<unk>"],', /JSON/],
    ['null', /tokens/],
    ['[]', /tokens/],
    ['{"tokens":"ab","counts":[0,0]}', /tokens/],
    ['{"tokens":["<pad>","<unk>",3],"counts":[0,0,0]}', /tokens/],
    ['{"tokens":["<pad>","<unk>"]}', /count/],
    ['{"tokens":["<pad>","<unk>"],"counts":[0]}', /count/],
    ['{"tokens":["<pad>","<unk>"],"counts":[0,"1"]}', /count/],
    ['{"tokens":["<pad>","<unk>"],"counts":[0,-1]}', /count/],
    ['{"tokens":["<pad>","<unk>"],"counts":[0,0],"undercount":-1}', /undercount/],
    ['{"tokens":["<unk>","<pad>"],"counts":[0,0]}', /<pad> and <unk>/],
    ['{"tokens":["<pad>"],"counts":[0]}', /<pad> and <unk>/],
    ['{"tokens":["<pad>","<unk>","a","a"],"counts":[0,0,1,1]}', /every token once, found "a"/],
  ];
  for (const [text, wrong] of bad) {
    await writeFile(path, text);
    const error = await t.throwsAsync(Vocabulary.load(path), { instanceOf: MillraceError }, text);
    t.is(error.code, 'MILLRACE_BAD_RECORD', text);
    t.is(error.origin?.source, path);
    t.regex(error.message, wrong, text);
  }
  const missing = await t.throwsAsync(Vocabulary.load(join(folder, 'none')), { instanceOf: MillraceError });
  t.is(missing.code, 'MILLRACE_NOT_FOUND');
});

test('a word of the corpus that looks like padding is not taken for padding', (t) => {
  const vocabulary = new Vocabulary(['<pad>', '<unk>', 'a']);
  t.is(vocabulary.id('<pad>'), 1);
  t.deepEqual(vocabulary.idsOfTokens(Utf8Column.from(['<pad>'])), Int32Array.of(1));
  t.is(vocabulary.id('a'), 2);
});
