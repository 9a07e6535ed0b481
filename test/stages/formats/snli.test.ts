import { inspect } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { toPlain } from '../../../pipeline/index.ts';
import { parse } from '../../../stages/parse.ts';
import { readLines } from '../../../stages/read.ts';
import { testOnReal } from '../../real-data.ts';
import { blockSizes, runs, snliFile, snliText, writeJson } from '../arbitraries.ts';
import { assertForms, assertSameInValues, errorOf, linesOf, origin, staysTable } from '../forms.ts';

const snli = parse('snli');

const pair = {
  id: '1.jpg#0r1n',
  label: 'neutral',
  premise: {
    text: 'A dog sleeps.',
    binaryParse: '( ( A dog ) ( sleeps . ) )',
    parse: '(ROOT (S (NP (DT A) (NN dog)) (VP (VBZ sleeps)) (. .)))',
  },
  hypothesis: {
    text: 'It dreams.',
    binaryParse: '( It ( dreams . ) )',
    parse: '(ROOT (S (NP (PRP It)) (VP (VBZ dreams)) (. .)))',
  },
  origin: { ...origin, line: 1 },
  captionId: '1.jpg#0',
  annotatorLabels: ['neutral', 'neutral'],
};

test('a row becomes a pair with every field, in either form', async (t) => {
  t.true(await staysTable(snliText(), [snli]));
  const { records } = await assertForms(t, snliText(), [snli], [7]);
  t.deepEqual(
    records.map((json) => JSON.parse(json)),
    [pair],
  );
  t.is(records[0], JSON.stringify(pair), 'fields are printed in another order');
});

test('an empty file gives no pairs', async (t) => {
  t.deepEqual((await assertForms(t, '', [snli])).records, []);
});

test('what is optional may be missing or null; the id is then the line', async (t) => {
  const bare = { gold_label: 'entailment', sentence1: 'Rain.', sentence2: 'Water.' };
  const nulls = { ...bare, pairID: null, captionID: null, annotator_labels: null, sentence1_binary_parse: null };
  const { records, rejected } = await assertForms(t, [bare, nulls].map((row) => JSON.stringify(row)).join('\n'), [
    snli,
  ]);
  t.deepEqual(rejected, []);
  const expected = [1, 2].map((number) => ({
    id: `corpus.jsonl:${number}`,
    label: 'entailment',
    premise: { text: 'Rain.' },
    hypothesis: { text: 'Water.' },
    origin: { ...origin, line: number },
  }));
  t.deepEqual(
    records.map((json) => JSON.parse(json)),
    expected,
  );
});

test("MultiNLI's rows, which have a genre and a prompt and no caption, are pairs too, in either form", async (t) => {
  const { captionID: _, ...row } = JSON.parse(snliText({ pairID: '63735n', annotator_labels: ['neutral'] }));
  const file = JSON.stringify({ ...row, genre: 'slate', promptID: '63735' });
  t.true(await staysTable(file, [snli]));
  const { records } = await assertForms(t, file, [snli], [9]);
  const { captionId: __, ...expected } = { ...pair, id: '63735n', annotatorLabels: ['neutral'] };
  t.deepEqual(
    records.map((json) => JSON.parse(json)),
    [expected],
  );
});

test('pairs without a gold label are dropped and counted, whatever else they hold', async (t) => {
  const file = [snliText({ gold_label: '-' }), snliText(), '{"gold_label":"-","captionID":3}'].join('\n');
  const { records, rejected, dropped } = await assertForms(t, file, [snli]);
  t.is(records.length, 1);
  t.deepEqual(rejected, []);
  t.deepEqual(dropped.parse, { 'no gold label': 2 });
});

test('annotations that are no list of texts are left out', async (t) => {
  for (const annotator_labels of [null, 'neutral', 3, [1], {}]) {
    const { records } = await assertForms(t, snliText({ annotator_labels }), [snli]);
    t.false('annotatorLabels' in JSON.parse(records[0] as string), inspect(annotator_labels));
  }
});

test('escaped values are decoded, in tables too', async (t) => {
  const text = 'Sie sagt: "Grüße, 世界 \u{1f600}"\t\u2028';
  const row = JSON.parse(snliText({ sentence1: text, sentence1_binary_parse: '( \\ " )', pairID: 'ü' }));
  const file = [snliText(), writeJson(row, true), writeJson(row, false), snliText()].join('\n');
  t.true(await staysTable(file, [snli]));
  const { records } = await assertForms(t, file, [snli]);
  const pairs = records.map((json) => JSON.parse(json));
  t.deepEqual(
    pairs.map(({ premise }) => premise.text),
    ['A dog sleeps.', text, text, 'A dog sleeps.'],
  );
  t.deepEqual(
    pairs.map(({ id }) => id),
    ['1.jpg#0r1n', 'ü', 'ü', '1.jpg#0r1n'],
  );
});

const broken = [
  { fields: { gold_label: 'maybe' }, expected: 'one of entailment, neutral, contradiction, -', found: 'maybe' },
  { fields: { gold_label: '' }, expected: 'one of entailment, neutral, contradiction, -', found: '' },
  { fields: { gold_label: undefined }, expected: 'one of entailment, neutral, contradiction, -', found: undefined },
  { fields: { sentence1: undefined }, expected: 'a text that is not empty', found: 'nothing' },
  { fields: { sentence1: ' \u00a0' }, expected: 'a text that is not empty', found: ' \u00a0' },
  { fields: { sentence2: '' }, expected: 'a text that is not empty', found: '' },
  { fields: { sentence2: 5 }, expected: 'a text that is not empty', found: 5 },
  { fields: { pairID: 5 }, expected: 'a text or nothing', found: 5 },
  { fields: { captionID: true }, expected: 'a text or nothing', found: true },
  { fields: { sentence1_parse: 1 }, expected: 'a text or nothing', found: 1 },
  { fields: { sentence2_binary_parse: 1 }, expected: 'a text or nothing', found: 1 },
];
for (const { fields, expected, found } of broken) {
  test(`a broken rule is named with its place: ${inspect(fields)}`, async (t) => {
    const file = [snliText(), snliText(fields), snliText()].join('\n');
    const error = await errorOf(t, linesOf(file).pipe(snli));
    t.is(error.code, 'MILLRACE_BAD_RECORD');
    t.deepEqual(toPlain(error.origin), { ...origin, line: 2 });
    t.is(error.expected, expected);
    t.deepEqual(error.found, found);
    const { records, rejected } = await assertForms(t, file, [snli]);
    t.deepEqual([records.length, rejected.length], [2, 1]);
  });
}

test('a line that is no object is named with its place', async (t) => {
  for (const text of ['{"gold_label":', 'null', '[]', '"text"', '7']) {
    const error = await errorOf(t, linesOf(`${snliText()}\n${text}`).pipe(snli));
    t.deepEqual([error.code, error.expected, error.found], ['MILLRACE_BAD_RECORD', 'one JSON object a line', text]);
    t.deepEqual(toPlain(error.origin), { ...origin, line: 2 });
  }
});

test('any file gives the same pairs, drops and errors in either form, however it is cut', async (t) => {
  let pairs = 0;
  await fc.assert(
    fc.asyncProperty(snliFile, blockSizes, async (file, sizes) => {
      pairs += (await assertForms(t, file, [snli], sizes)).records.length;
    }),
    runs(250),
  );
  t.true(pairs > 250, `only ${pairs} good rows: the law was hardly tested`);
});

testOnReal('snli', 'real rows: the scan and JSON.parse give the same pairs', async (t, path) => {
  const rows = readLines(`${path}#snli_1.0/snli_1.0_dev.jsonl`).take(2000);
  const { records, rejected, dropped } = await assertSameInValues(t, rows, [snli]);
  t.deepEqual(rejected, []);
  t.is(records.length + (dropped.parse?.['no gold label'] ?? 0), 2000);
});
