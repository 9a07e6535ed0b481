import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { MillraceError, Pipeline } from '../../pipeline/index.ts';
import { pairFormats, parse } from '../../stages/parse.ts';
import { snliText } from './arbitraries.ts';
import { temporaryFolder } from './files.ts';
import { assertCloses, assertForms, errorOf, line, linesOf, staysTable } from './forms.ts';

const SICK_ROW = '4\ta\tb\t3\tNEUTRAL';
const GOOD: Readonly<Record<string, string>> = {
  snli: snliText(),
  jsonl: '{"premise":"a","hypothesis":"b"}',
  sick: SICK_ROW,
};

test('an unknown format lists those that are known', (t) => {
  for (const name of ['xml', '', 'constructor']) {
    const error = t.throws(() => parse(name), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_USAGE');
    t.regex(error.message, /snli, jsonl, sick/);
  }
});

test('blank lines are dropped and counted, in every format', async (t) => {
  t.deepEqual(Object.keys(GOOD), Object.keys(pairFormats));
  for (const [format, row] of Object.entries(GOOD)) {
    const { records, dropped } = await assertForms(t, `\n${row}\n \t\r\n\u00a0\n${row}\n\n`, [parse(format)], [2]);
    t.is(records.length, 2, format);
    t.deepEqual(dropped.parse, { 'blank line': 4 }, format);
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
  const file = [GOOD.jsonl, bad, GOOD.jsonl].join('\n');
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

test('stopping early and aborting close the source', async (t) => {
  await assertCloses(t, parse('snli'), [line(snliText())]);
});
