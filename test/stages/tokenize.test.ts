import { inspect } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { MillraceError, toPlain } from '../../pipeline/index.ts';
import { parse } from '../../stages/parse.ts';
import { readPairs } from '../../stages/read.ts';
import { type TokenizeOptions, type TokenizerName, tokenize, tokenizers } from '../../stages/tokenize.ts';
import { testOnReal } from '../real-data.ts';
import { blockSizes, leavesOf, runs, snliFile, snliText, tree, words, writeTree } from './arbitraries.ts';
import { assertCloses, assertForms, chain, errorOf, line, linesOf, origin, staysTable } from './forms.ts';

const snli = parse('snli');

/** The tokens of one line of text. */
async function tokensOf(text: string, method: TokenizerName, options?: TokenizeOptions): Promise<unknown> {
  const [record] = await chain(linesOf(text), [tokenize(method, options)]).toArray();
  return (record as { tokens: unknown }).tokens;
}

const examples: readonly [TokenizerName, text: string, tokens: string[], TokenizeOptions?][] = [
  ['word', "The dog's café—naïve!", ['The', "dog's", 'café', 'naïve']],
  ['word', '日本語 ΟΔΟΣ e\u0301te\u0301 3 x2', ['日本語', 'ΟΔΟΣ', 'e\u0301te\u0301', '3', 'x2']],
  ['word', "'quoted' don’t rock'n'roll", ['quoted', 'don’t', "rock'n'roll"]],
  ['word', '?! ...', []],
  ['whitespace', ' a\tb\u00a0c\u3000d. ', ['a', 'b', 'c', 'd.']],
  ['whitespace', ' ', []],
  ['regex', 'ab1 ü22', ['1', '22'], { pattern: '\\d+' }],
  ['regex', '\u{1f600}a', ['\u{1f600}', 'a'], { pattern: '.' }],
  ['regex', 'a b', ['a', 'b']],
  ['regex', 'abc', ['b'], { pattern: 'b*' }],
  ['treebank', "He can't eat, drink.", ['He', 'ca', "n't", 'eat', ',', 'drink', '.']],
  ['treebank', 'A man (left) in café.', ['A', 'man', '(', 'left', ')', 'in', 'café', '.']],
  ['natural', 'A man (left) in café', ['A', 'man', '(', 'left', ')', 'in', 'caf', 'é']],
  ['treebank', ' ', []],
  ['auto', "isn't", ['is', "n't"]],
];
for (const [method, text, tokens, options] of examples) {
  test(`${method} cuts ${inspect(text)}${options ? ` by ${options.pattern}` : ''}`, async (t) => {
    t.deepEqual(await tokensOf(text, method, options), tokens);
    await assertForms(t, text, [tokenize(method, options)], [1]);
  });
}

test('every tokenizer makes nothing of nothing', async (t) => {
  for (const method of Object.keys(tokenizers) as TokenizerName[]) {
    t.deepEqual((await assertForms(t, '', [snli, tokenize(method)])).records, [], method);
  }
});

test('parse takes the leaves of both sides; tables stay tables', async (t) => {
  t.true(await staysTable(snliText(), [snli, tokenize()]));
  t.true(await staysTable(snliText(), [snli, tokenize('auto')]));
  const { records } = await assertForms(t, snliText(), [snli, tokenize()], [11]);
  const { premise, hypothesis } = JSON.parse(records[0] as string);
  t.deepEqual(
    [premise.tokens, hypothesis.tokens],
    [
      ['A', 'dog', 'sleeps', '.'],
      ['It', 'dreams', '.'],
    ],
  );
});

test('treebank cuts tables where they lie, and auto does where there are no parses', async (t) => {
  const bare = { sentence1_binary_parse: undefined, sentence2_binary_parse: undefined };
  t.true(await staysTable(snliText(), [snli, tokenize('treebank')]));
  t.true(await staysTable(snliText(bare), [snli, tokenize('auto')]));
  const file = [{}, { sentence1: "Zoë's caf\u00e9…" }, bare].map(snliText).join('\n');
  const { records } = await assertForms(t, file, [snli, tokenize('treebank')], [9]);
  t.deepEqual(JSON.parse(records[1] as string).premise.tokens, ['Zoë', "'s", 'café', '…']);
});

test('rows of the same text one after the other share its tokens', async (t) => {
  const texts = ['A dog.', 'A dog.', 'A dog', 'A dog', 'A dog.', ''];
  for (const method of ['treebank', 'parse'] as const) {
    const rows = texts.map((text) => snliText({ sentence1: text || ' x', sentence1_binary_parse: text }));
    const { records } = await assertForms(t, rows.join('\n'), [snli, tokenize(method)]);
    t.deepEqual(
      records.slice(0, 5).map((json) => JSON.parse(json).premise.tokens.length),
      method === 'parse' ? [2, 2, 2, 2, 2] : [3, 3, 2, 2, 3],
    );
  }
});

test('parse undoes the escapes of the Treebank when asked to', async (t) => {
  const row = snliText({ sentence1_binary_parse: '( -LRB- ( `` ( constructor -RRB- ) ) )' });
  for (const [undo, expected] of [
    [false, ['-LRB-', '``', 'constructor', '-RRB-']],
    [true, ['(', '"', 'constructor', ')']],
  ] as const) {
    const { records } = await assertForms(t, row, [snli, tokenize('parse', { unescape: undo })]);
    t.deepEqual(JSON.parse(records[0] as string).premise.tokens, expected);
  }
});

test('parse takes the leaves of any tree', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(tree, { minLength: 1, maxLength: 5 }), blockSizes, async (trees, sizes) => {
      const rows = trees.map((node) => snliText({ sentence1_binary_parse: writeTree(node) }));
      const { records } = await assertForms(t, rows.join('\n'), [snli, tokenize()], sizes);
      t.deepEqual(
        records.map((json) => JSON.parse(json).premise.tokens),
        trees.map(leavesOf),
      );
    }),
    runs(80),
  );
});

test('auto takes the leaves where there are some, and treebank where there are none', async (t) => {
  const bare = { sentence1_binary_parse: undefined, sentence2_binary_parse: undefined };
  const file = [snliText({ sentence1_binary_parse: '( x y )' }), snliText({ ...bare, sentence1: "Don't!" })].join('\n');
  const { records } = await assertForms(t, file, [snli, tokenize('auto')]);
  t.deepEqual(
    records.map((json) => JSON.parse(json).premise.tokens),
    [
      ['x', 'y'],
      ['Do', "n't", '!'],
    ],
  );
});

test('any file gives the same tokens and errors in either form, however it is cut', async (t) => {
  for (const method of Object.keys(tokenizers) as TokenizerName[]) {
    await fc.assert(
      fc.asyncProperty(snliFile, blockSizes, async (file, sizes) => {
        await assertForms(t, file, [snli, tokenize(method)], sizes);
      }),
      runs(25),
    );
  }
});

test('words that white space parts are what whitespace finds', async (t) => {
  await fc.assert(
    fc.asyncProperty(words, async (all) => {
      t.deepEqual(await tokensOf(all.join(' '), 'whitespace'), all);
    }),
    runs(50),
  );
});

test('a sentence without a parse is named with its place', async (t) => {
  const file = `${snliText()}\n${snliText({ sentence2_binary_parse: null })}\n${snliText()}`;
  const error = await errorOf(t, linesOf(file).pipe(snli, tokenize()));
  t.is(error.code, 'MILLRACE_BAD_RECORD');
  t.deepEqual(toPlain(error.origin), { ...origin, line: 2 });
  t.is(error.found, 'It dreams.');
  t.regex(error.hint as string, /treebank/);
  const { records, rejected } = await assertForms(t, file, [snli, tokenize()]);
  t.deepEqual([records.length, rejected.length], [2, 1]);
});

test('an unknown tokenizer lists those that are known; a bad pattern is shown', (t) => {
  const unknown = t.throws(() => tokenize('bpe' as TokenizerName), { instanceOf: MillraceError });
  t.is(unknown.code, 'MILLRACE_USAGE');
  t.regex(unknown.message, /parse, treebank, auto, word, whitespace, regex/);
  const pattern = t.throws(() => tokenize('regex', { pattern: '(' }), { instanceOf: MillraceError });
  t.deepEqual([pattern.code, pattern.found], ['MILLRACE_USAGE', '(']);
});

test('stopping early and aborting close the source', async (t) => {
  for (const method of ['word', 'treebank'] as const) await assertCloses(t, tokenize(method), [line('a b')]);
});

testOnReal('snli', 'treebank equals the leaves on 99.9% of the real sentences', async (t, path) => {
  const pairs = readPairs(`${path}#snli_1.0/snli_1.0_dev.jsonl`).take(3000);
  const leaves = await pairs.pipe(tokenize('parse', { unescape: true })).toArray();
  const cut = await pairs.pipe(tokenize('treebank')).toArray();
  let equal = 0;
  leaves.forEach((pair, row) => {
    for (const side of ['premise', 'hypothesis'] as const) {
      if (pair[side].tokens?.join(' ') === cut[row]?.[side].tokens?.join(' ')) equal++;
    }
  });
  const share = equal / (2 * leaves.length);
  t.log(`${(100 * share).toFixed(2)}% of ${2 * leaves.length} sentences`);
  t.true(share >= 0.999);
});
