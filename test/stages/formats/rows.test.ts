import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { Pipeline, toPlain } from '../../../pipeline/index.ts';
import { lines } from '../../../stages/lines.ts';
import { parse } from '../../../stages/parse.ts';
import { readLines } from '../../../stages/read.ts';
import type { SentencePair } from '../../../stages/records.ts';
import { blockSizes, quotedScraps, runs } from '../arbitraries.ts';
import { temporaryFolder } from '../files.ts';
import { assertForms, cut, errorOf, line, linesOf, origin, outcomeOf } from '../forms.ts';

const csv = parse('csv');
const HEADER = 'premise,hypothesis';

test('lines within quotes are one row, with the origin of the first', async (t) => {
  const file = `${HEADER}\r\n"a\r\n\r\nb",c\r\nd,"e, ""f"""\r\n`;
  const { records, dropped } = await assertForms(t, file, [csv], [3]);
  t.deepEqual(
    records.map((json) => JSON.parse(json)),
    [
      {
        id: 'corpus.jsonl:2',
        premise: { text: 'a\n\nb' },
        hypothesis: { text: 'c' },
        origin: { ...origin, line: 2 },
      },
      { id: 'corpus.jsonl:5', premise: { text: 'd' }, hypothesis: { text: 'e, "f"' }, origin: { ...origin, line: 5 } },
    ],
  );
  t.deepEqual(dropped.parse, { header: 1 });
});

test('a quote that is not closed costs its line, and the lines behind it are read', async (t) => {
  const rest = Array.from({ length: 300 }, (_, i) => `p${i},h${i}`);
  for (const after of [rest, rest.slice(0, 5)]) {
    const file = [HEADER, 'a,b', '"open,b', ...after].join('\n');
    const { records, rejected } = await assertForms(t, file, [csv], [11]);
    t.is(records.length, 1 + after.length);
    const [{ error, raw }] = rejected.map((json) => JSON.parse(json));
    t.deepEqual([error.origin.line, raw.text, raw.header], [3, '"open,b', HEADER]);
  }
  const error = await errorOf(t, linesOf(`${HEADER}\na,b\n"open,b\nc,d`).pipe(csv));
  t.is(error.origin?.line, 3);
  t.regex(error.message, /The file ends within quotes.*quotes=false/s);
});

test('the rows before an open quote come before its error', async (t) => {
  const given: string[] = [];
  await t.throwsAsync(async () => {
    for await (const { premise } of linesOf(`${HEADER}\na,b\n"c",d\n"open,b\nc,d`).pipe(csv)) given.push(premise.text);
  });
  t.deepEqual(given, ['a', 'c']);
});

test('a row may be long, but not without end', async (t) => {
  const long = `"${'x'.repeat(900_000)}\ny",b`;
  const { records, rejected } = await assertForms(
    t,
    `${HEADER}\n${long}\n"${'x'.repeat(2 ** 20)}\n",b`,
    [csv],
    [100_000],
  );
  t.is(JSON.parse(records[0] as string).premise.text.length, 900_002);
  t.is(JSON.parse(rejected[0] as string).error.origin.line, 4);
});

test('each file has its header, and quotes end with their file', async (t) => {
  const other = { ...origin, entry: 'other.csv' };
  const blocks = [...cut(`${HEADER}\na,"b`), ...cut('hypothesis,premise\n"c\n",d', [], other)];
  const pipeline = Pipeline.from(blocks).pipe(lines).pipe(csv);
  const { records, rejected } = await outcomeOf(pipeline);
  t.deepEqual(
    records
      .map((json) => JSON.parse(json))
      .map(({ premise, hypothesis, origin: { line: at } }) => [premise.text, hypothesis.text, at]),
    [['d', 'c\n', 2]],
  );
  t.is(rejected.length, 1);
});

test('rows whose header was left out are refused; those that bring it along are read', async (t) => {
  const skipped = linesOf(`${HEADER}\na,b\nc,d`).skip(1).pipe(csv);
  const error = await t.throwsAsync(skipped.toArray(), { code: 'MILLRACE_USAGE' });
  t.regex(error?.message ?? '', /no column named "premise"; expected a header/);
  const aside = [
    { ...line('x,"y\ny"', 17), header: 'hypothesis,premise' },
    { ...line('v,w', 9), header: HEADER },
  ];
  const pairs = (await Pipeline.from(aside).pipe(csv).toArray()) as SentencePair[];
  t.deepEqual(
    pairs.map(({ premise, hypothesis, origin: { line: at } }) => [premise.text, hypothesis.text, at]),
    [
      ['y\ny', 'x', 17],
      ['v', 'w', 9],
    ],
  );
});

test('lines without numbers are one file, with its header first', async (t) => {
  const bare = [HEADER, 'a,b', 'c,d'].map((text) => ({ text, origin: { source: 'made' } }));
  t.is((await Pipeline.from(bare).pipe(csv).toArray()).length, 2);
});

test('any text gives the same rows and errors, as tables and values, however it is cut', async (t) => {
  let pairs = 0;
  let bad = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(quotedScraps, { maxLength: 8 }), blockSizes, async (parts, sizes) => {
      const file = [HEADER, 'a,b', ...parts].join('\n');
      const { records, rejected } = await assertForms(t, file, [csv], sizes);
      pairs += records.length;
      bad += rejected.length;
    }),
    runs(120),
  );
  t.true(pairs > 100 && bad > 100, `${pairs} pairs, ${bad} bad rows`);
});

test('stopped after every record and resumed, the rows go on', async (t) => {
  const path = join(await temporaryFolder(t), 'pairs.csv');
  const rows = Array.from({ length: 30 }, (_, i) =>
    i % 3 === 0 ? `"p${i}\n,""\n",h${i}` : i % 7 === 0 ? '"open' : `p${i},h${i}`,
  );
  await writeFile(path, ['', HEADER, ...rows].join('\n'));
  for (const make of [
    () => readLines(path).pipe(csv).onError('skip'),
    () => readLines(path).rechunk(4).pipe(csv).onError('skip'),
    () =>
      readLines(path)
        .pipe(parse('csv', { premise: 2, hypothesis: 1 }))
        .onError('skip'),
  ]) {
    const whole = (await make().toArray()).map(toPlain);
    t.true(whole.length > 20);
    for (let count = 1; count < whole.length; count++) {
      const pipeline = make();
      const records = pipeline[Symbol.asyncIterator]();
      for (let i = 0; i < count; i++) await records.next();
      const state = JSON.parse(JSON.stringify(pipeline.state()));
      await records.return?.();
      const rest = (await make().resume(state).toArray()).map(toPlain);
      t.deepEqual(rest, whole.slice(count), `after ${count}`);
    }
  }
});
