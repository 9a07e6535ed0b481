import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { MillraceError, Pipeline } from '../../pipeline/index.ts';
import { pairFormats, parse } from '../../stages/parse.ts';
import { snliText } from './arbitraries.ts';
import { temporaryFolder } from './files.ts';
import { assertCloses, assertForms, errorOf, line, linesOf, staysTable } from './forms.ts';

/** A good line of each format, and the header where there must be one. */
const GOOD: Readonly<Record<string, readonly [line: string, header?: string]>> = {
  snli: [snliText()],
  'snli-tsv': ['neutral\ta\tb', 'gold_label\tsentence1\tsentence2'],
  jsonl: ['{"premise":"a","hypothesis":"b"}'],
  sick: ['4\ta\tb\t3\tNEUTRAL'],
  stsb: ['news\tMSRvid\t2012\t0001\t5.000\ta\tb'],
  quora: ['0\ta\tb', 'is_duplicate\tquestion1\tquestion2'],
  csv: ['a,b', 'premise,hypothesis'],
  tsv: ['a\tb', 'premise\thypothesis'],
};

test('an unknown format lists those that are known', (t) => {
  for (const name of ['xml', '', 'constructor']) {
    const error = t.throws(() => parse(name), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_USAGE');
    t.regex(error.message, /snli, snli-tsv, jsonl, sick, stsb, quora, csv, tsv/);
  }
});

test('an option that a format has not is refused, with those that it has', (t) => {
  const refused = (format: string, options: object, expected: string) => {
    const error = t.throws(() => parse(format, options), { instanceOf: MillraceError }) as MillraceError;
    t.deepEqual([error.code, error.expected], ['MILLRACE_USAGE', expected]);
  };
  refused('snli', { premise: 1 }, 'one of entailment, neutral, contradiction, unlabeled');
  refused('stsb', { entailment: 1 }, 'no options');
  refused(
    'jsonl',
    { header: true },
    `one of premise, hypothesis, label, score, id, entailment, neutral, contradiction, unlabeled`,
  );
  refused('csv', { entailment: 0, neutral: '0' }, 'a name of its own for each label, none of them empty');
  refused('csv', { entailment: '' }, 'a name of its own for each label, none of them empty');
  const noNames = 'the numbers of the columns, from 1, such as premise=2,hypothesis=3';
  refused('tsv', { header: false, premise: 1 }, noNames);
  t.notThrows(() => parse('snli', { entailment: undefined } as object));
});

test('blank lines are dropped and counted, in every format', async (t) => {
  t.deepEqual(Object.keys(GOOD), Object.keys(pairFormats));
  for (const [format, [row, header]] of Object.entries(GOOD)) {
    const file = `\n${header ?? ''}\n${row}\n \t\r\n\u00a0\n${row}\n\n`;
    const { records, dropped } = await assertForms(t, file, [parse(format)], [2]);
    t.is(records.length, 2, format);
    const { 'blank line': blank, header: headers = 0 } = dropped.parse ?? {};
    t.deepEqual([blank, headers], header === undefined ? [5, 0] : [4, 1], format);
  }
});

test('tables stay tables for rows of SNLI', async (t) => {
  t.true(await staysTable(`${snliText()}\n${snliText()}`, [parse('snli')]));
});

test('records may be plain lines', async (t) => {
  const [pair] = await Pipeline.from([line(snliText())])
    .pipe(parse('snli'))
    .toArray();
  t.is(pair?.premise.text, 'A dog sleeps.');
});

test('a bad row ends the run, is left out, or is put aside as it came', async (t) => {
  const bad = '{"premise":"ünfinished';
  const file = [GOOD.jsonl?.[0], bad, GOOD.jsonl?.[0]].join('\n');
  const pairs = linesOf(file).pipe(parse('jsonl'));
  t.is((await errorOf(t, pairs)).origin?.line, 2);

  const path = join(await temporaryFolder(t), 'deep', 'bad.jsonl');
  const kept = pairs.onError(`quarantine:${path}`);
  t.deepEqual(
    (await kept.toArray()).map(({ origin }) => origin.line),
    [1, 3],
  );
  t.is(kept.report().stages.at(-1)?.rejected, 1);
  const rows = (await readFile(path, 'utf8')).trimEnd().split('\n');
  t.is(rows.length, 1);
  const { error, raw } = JSON.parse(rows[0] as string);
  t.deepEqual(raw, { text: bad, origin: { source: 'corpus.zip', entry: 'corpus.jsonl', line: 2 } });
  t.is(error.code, 'MILLRACE_BAD_RECORD');
  t.is(error.expected, 'one JSON object a line');
});

test('stopping early and aborting close the source, in every format', async (t) => {
  for (const [format, [row, header]] of Object.entries(GOOD)) {
    // Each line begins a file, under a header of its own, as one that was put aside.
    const one = { ...line(row), ...(header !== undefined && { header }) };
    await assertCloses(t, parse(format), [one]);
  }
});
