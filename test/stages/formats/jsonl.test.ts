import { inspect } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { toPlain } from '../../../pipeline/index.ts';
import { ids } from '../../../stages/ids.ts';
import { parse } from '../../../stages/parse.ts';
import type { SentencePair } from '../../../stages/records.ts';
import { tokenize } from '../../../stages/tokenize.ts';
import { transitions } from '../../../stages/transitions.ts';
import { Vocabulary } from '../../../stages/vocabulary.ts';
import { blockSizes, runs, snliFile, snliText } from '../arbitraries.ts';
import { assertForms, chain, errorOf, linesOf, origin, outcomeOf } from '../forms.ts';

const jsonl = parse('jsonl');

test('premise and hypothesis may be texts, and label, score and id missing', async (t) => {
  const file =
    '{"premise":"Rain.","hypothesis":"Water."}\n{"premise":"a","hypothesis":"b","label":null,"score":null,"id":null}';
  const { records } = await assertForms(t, file, [jsonl], [3]);
  t.deepEqual(
    records.map((json) => JSON.parse(json)),
    [
      {
        id: 'corpus.jsonl:1',
        premise: { text: 'Rain.' },
        hypothesis: { text: 'Water.' },
        origin: { ...origin, line: 1 },
      },
      { id: 'corpus.jsonl:2', premise: { text: 'a' }, hypothesis: { text: 'b' }, origin: { ...origin, line: 2 } },
    ],
  );
});

test('sentences may be objects with what other stages made of them', async (t) => {
  const premise = { text: 'A b', binaryParse: '( A b )', tokens: ['a', 'b'], transitions: [0, 0, 1], ids: [2, 1] };
  const row = { id: 'x', label: 'contradiction', score: -0.25, premise, hypothesis: { text: 'c' } };
  const { records } = await assertForms(t, JSON.stringify(row), [jsonl]);
  t.deepEqual(JSON.parse(records[0] as string), { ...row, origin: { ...origin, line: 1 } });
});

test('an empty file gives no pairs', async (t) => {
  t.deepEqual((await assertForms(t, '', [jsonl])).records, []);
});

const good = { premise: 'a', hypothesis: 'b' };
const labels = 'one of entailment, neutral, contradiction, or nothing';
const broken = [
  { row: { ...good, label: '-' }, expected: labels, found: '-' },
  { row: { ...good, score: '4' }, expected: 'a number or nothing', found: '4' },
  { row: { ...good, score: [4] }, expected: 'a number or nothing', found: [4] },
  { row: { ...good, label: 'constructor' }, expected: labels, found: 'constructor' },
  { row: { ...good, id: 4.5 }, expected: 'a text or nothing', found: 4.5 },
  { row: { ...good, id: true }, expected: 'a text or nothing', found: true },
  { row: { premise: 'a' }, expected: 'a text that is not empty', found: 'nothing' },
  { row: { ...good, premise: ' ' }, expected: 'a text that is not empty', found: ' ' },
  { row: { ...good, premise: {} }, expected: 'a text that is not empty', found: 'nothing' },
  { row: { ...good, premise: ['a'] }, expected: 'a text that is not empty', found: 'nothing' },
  { row: { ...good, premise: { text: 'a', tokens: 'a' } }, expected: 'a list of texts', found: '"a"' },
  { row: { ...good, premise: { text: 'a', tokens: [1] } }, expected: 'a list of texts', found: '[1]' },
  { row: { ...good, premise: { text: 'a', ids: [1.5] } }, expected: 'a list of whole numbers', found: '[1.5]' },
  { row: { ...good, premise: { text: 'a', transitions: ['0'] } }, expected: 'a list of whole numbers', found: '["0"]' },
  { row: { ...good, premise: { text: 'a', binaryParse: 1 } }, expected: 'a text or nothing', found: 1 },
];
for (const { row, expected, found } of broken) {
  test(`a broken rule is named with its place: ${inspect(row, { breakLength: Number.POSITIVE_INFINITY })}`, async (t) => {
    const file = [good, row].map((one) => JSON.stringify(one)).join('\n');
    const error = await errorOf(t, linesOf(file).pipe(jsonl));
    t.is(error.code, 'MILLRACE_BAD_RECORD');
    t.deepEqual(toPlain(error.origin), { ...origin, line: 2 });
    t.deepEqual([error.expected, error.found], [expected, found]);
  });
}

test('a score that no double holds is no number', async (t) => {
  const error = await errorOf(t, linesOf('{"premise":"a","hypothesis":"b","score":1e999}').pipe(jsonl));
  t.deepEqual([error.expected, error.found], ['a number or nothing', Number.POSITIVE_INFINITY]);
});

const mapped = parse('jsonl', {
  ...{ premise: 'pair.0', hypothesis: 'pair.1.text', label: 'gold.label', score: 'likeness', id: 'meta.n' },
  ...{ entailment: 0, neutral: 'yes', contradiction: 'true', unlabeled: -1 },
});
const inner = { pair: ['a', { text: 'b' }], gold: { label: 0 }, likeness: 0.5, meta: { n: 7 } };

test('fields may have other names, within other fields, and labels other names', async (t) => {
  const rows = [0, 'yes', true, null, -1].map((label) => JSON.stringify({ ...inner, gold: { label } }));
  const { records, dropped } = await assertForms(t, rows.join('\n'), [mapped], [9]);
  const pairs = records.map((json) => JSON.parse(json));
  t.deepEqual(
    pairs.map(({ label }) => label),
    ['entailment', 'neutral', 'contradiction', undefined],
  );
  const { origin: at, ...first } = pairs[0];
  t.deepEqual(first, { id: '7', label: 'entailment', score: 0.5, premise: { text: 'a' }, hypothesis: { text: 'b' } });
  t.is(at.line, 1);
  t.deepEqual(dropped.parse, { 'no gold label': 1 });
});

test('a field that was asked for must be there, so that a slip makes no pairs without labels', async (t) => {
  const error = await errorOf(t, linesOf(JSON.stringify(good)).pipe(parse('jsonl', { label: 'gold' })));
  t.regex(error.message, /no field "gold"; expected the fields that were asked for, found "premise, hypothesis"/);
  const deep = await errorOf(t, linesOf(JSON.stringify({ ...inner, gold: {} })).pipe(mapped));
  t.regex(deep.message, /no field "gold.label"/);
  const inherited = await errorOf(t, linesOf(JSON.stringify(good)).pipe(parse('jsonl', { id: 'constructor.name' })));
  t.regex(inherited.message, /no field "constructor.name"/);
});

test('a label that the map does not know is a bad record, whatever it is', async (t) => {
  for (const label of ['entailment', '00', 1, ['yes'], { a: 1 }, false, '']) {
    const error = await errorOf(t, linesOf(JSON.stringify({ ...inner, gold: { label } })).pipe(mapped));
    t.regex(error.message, /field "gold.label" is wrong; expected one of 0, yes, true, -1, or nothing/);
  }
});

test('an id may be a whole number', async (t) => {
  const { records } = await assertForms(t, JSON.stringify({ ...good, id: 4 }), [jsonl]);
  t.is(JSON.parse(records[0] as string).id, '4');
});

test('any score that is written is read again', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.double({ noNaN: true, noDefaultInfinity: true }), async (score) => {
      const [pair] = await linesOf(JSON.stringify({ ...good, score }))
        .pipe(jsonl)
        .toArray();
      // JSON has no negative zero.
      t.is((pair as SentencePair).score, score + 0);
    }),
    runs(60),
  );
});

test('what the stages made of SNLI can be written and read again', async (t) => {
  const made = [parse('snli'), tokenize(), transitions(), ids(new Vocabulary(['<pad>', '<unk>', 'A', '.']))];
  await fc.assert(
    fc.asyncProperty(snliFile, blockSizes, async (file, sizes) => {
      const { records } = await outcomeOf(chain(linesOf(`${file}\n${snliText()}`), made));
      const again = await assertForms(t, records.join('\n'), [jsonl], sizes);
      t.deepEqual(again.rejected, []);
      t.deepEqual(again.records.map(essence), records.map(essence));
    }),
    runs(60),
  );
});

/** What a model or another stage could use; a pair's origin becomes the new file. */
function essence(json: string): unknown {
  const { id, label, premise, hypothesis } = JSON.parse(json);
  for (const sentence of [premise, hypothesis]) delete sentence.parse;
  return { id, label, premise, hypothesis };
}
