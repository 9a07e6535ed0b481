import test from 'ava';
import fc from 'fast-check';
import { parse } from '../../../stages/parse.ts';
import { readLines } from '../../../stages/read.ts';
import type { SentencePair } from '../../../stages/records.ts';
import { testOnReal } from '../../real-data.ts';
import { blockSizes, runs, words } from '../arbitraries.ts';
import { assertForms, errorOf, linesOf, origin } from '../forms.ts';

const snliTsv = parse('snli-tsv');

/** The columns of SNLI's files, in their order. */
const SNLI = [
  'gold_label',
  'sentence1_binary_parse',
  'sentence2_binary_parse',
  'sentence1_parse',
  'sentence2_parse',
].concat(['sentence1', 'sentence2', 'captionID', 'pairID', 'label1', 'label2', 'label3', 'label4', 'label5']);
/** Those of MultiNLI's. */
const MULTI = [...SNLI.slice(0, 7), 'promptID', 'pairID', 'genre', 'label1', 'label2', 'label3', 'label4', 'label5'];
/** Those of GLUE's MNLI. */
const GLUE = ['index', 'promptID', 'pairID', 'genre', ...SNLI.slice(1, 7), 'label1', 'gold_label'];

const VALUES: Readonly<Record<string, string>> = {
  gold_label: 'neutral',
  sentence1_binary_parse: '( ( A dog ) ( sleeps . ) )',
  sentence2_binary_parse: '( It ( dreams . ) )',
  sentence1_parse: '(ROOT (S (NP (DT A) (NN dog)) (VP (VBZ sleeps)) (. .)))',
  sentence2_parse: '(ROOT (S (NP (PRP It)) (VP (VBZ dreams)) (. .)))',
  sentence1: 'A dog "sleeps.',
  sentence2: 'It dreams.',
  captionID: '1.jpg#0',
  pairID: '1.jpg#0r1n',
  label1: 'neutral',
  label2: 'entailment',
};

function table(columns: readonly string[], ...rows: Readonly<Record<string, string>>[]): string {
  return [columns, ...rows.map((row) => columns.map((name) => row[name] ?? ''))]
    .map((row) => row.join('\t'))
    .join('\n');
}

const pair = {
  id: '1.jpg#0r1n',
  label: 'neutral',
  premise: {
    text: VALUES.sentence1,
    binaryParse: VALUES.sentence1_binary_parse,
    parse: VALUES.sentence1_parse,
  },
  hypothesis: {
    text: VALUES.sentence2,
    binaryParse: VALUES.sentence2_binary_parse,
    parse: VALUES.sentence2_parse,
  },
  origin: { ...origin, line: 2 },
};

test("columns are found by their names: SNLI's, MultiNLI's and GLUE's order", async (t) => {
  const expected = {
    SNLI: { ...pair, captionId: '1.jpg#0', annotatorLabels: ['neutral', 'entailment'] },
    MULTI: { ...pair, annotatorLabels: ['neutral', 'entailment'] },
    GLUE: { ...pair, annotatorLabels: ['neutral'] },
  };
  for (const [name, columns] of Object.entries({ SNLI, MULTI, GLUE })) {
    const { records } = await assertForms(t, table(columns, VALUES), [snliTsv], [13]);
    t.deepEqual(
      records.map((json) => JSON.parse(json)),
      [expected[name as keyof typeof expected]],
    );
  }
});

test('pairs without a gold label are dropped; other labels are bad records', async (t) => {
  const file = table(SNLI, VALUES, { ...VALUES, gold_label: '-' }, VALUES);
  const { records, dropped } = await assertForms(t, file, [snliTsv]);
  t.is(records.length, 2);
  t.deepEqual(dropped.parse, { header: 1, 'no gold label': 1 });
  for (const gold_label of ['', 'Neutral', 'hidden']) {
    const error = await errorOf(t, linesOf(table(SNLI, { ...VALUES, gold_label })).pipe(snliTsv));
    t.is(error.expected, 'one of entailment, neutral, contradiction, -');
  }
});

test('last cells may be missing, others may not', async (t) => {
  const [header, row = ''] = table(MULTI, VALUES).split('\n');
  const short = row.trimEnd();
  t.is((await assertForms(t, `${header}\n${short}`, [snliTsv])).records.length, 1);
  const cut = row.split('\t').slice(0, 6).join('\t');
  const error = await errorOf(t, linesOf(`${header}\n${cut}`).pipe(snliTsv));
  t.regex(error.message, /The row has 6 cells; expected 7 cells or more/);
  const long = await errorOf(t, linesOf(`${header}\n${row}\tx`).pipe(snliTsv));
  t.regex(long.message, /The row has 16 cells/);
});

test('a file that is no such table is named with the columns that it has', async (t) => {
  const error = await t.throwsAsync(linesOf('a\tb\n1\t2').pipe(snliTsv).toArray(), { code: 'MILLRACE_USAGE' });
  t.regex(error?.message ?? '', /no column named "gold_label"; expected one of a, b/);
});

const cell = words.map((all) => all.join(' '));
const row = fc.record({
  gold_label: fc.constantFrom('entailment', 'neutral', 'contradiction', '-'),
  ...{
    sentence1: cell,
    sentence2: cell,
    captionID: cell,
    pairID: cell,
    sentence1_parse: cell,
    sentence2_binary_parse: cell,
  },
  label1: fc.constantFrom('entailment', ''),
});

test('a table and JSON lines of the same corpus give the same pairs', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 9 }), blockSizes, async (rows, sizes) => {
      const inTable = await assertForms(t, table(SNLI, ...rows), [snliTsv], sizes);
      const json = rows.map(({ label1, ...fields }) =>
        JSON.stringify({ ...fields, ...(label1 && { annotator_labels: [label1] }) }),
      );
      const inJson = await assertForms(t, ['', ...json].join('\n'), [parse('snli')]);
      t.deepEqual(
        inTable.records.map((record) => JSON.parse(record)),
        inJson.records.map((record) => JSON.parse(record)),
      );
    }),
    runs(60),
  );
});

testOnReal('snli', 'real rows of SNLI, written as a table, are the pairs that they were', async (t, path) => {
  const real = readLines(`${path}#snli_1.0/snli_1.0_dev.jsonl`).take(2000);
  const rows = (await real.toArray()).map(({ text }) => JSON.parse(text));
  const cells = rows.map(({ annotator_labels: labels, ...row }) => ({
    ...row,
    ...Object.fromEntries(labels.map((label: string, i: number) => [`label${i + 1}`, label])),
  }));
  const inTable = await linesOf(table(SNLI, ...cells))
    .pipe(snliTsv)
    .toArray();
  const essence = ({ origin: _, ...rest }: SentencePair) => JSON.parse(JSON.stringify(rest));
  const expected = await real.pipe(parse('snli')).toArray();
  t.deepEqual(inTable.map(plain).map(essence), expected.map(plain).map(essence));
});

function plain(pair: SentencePair): SentencePair {
  return JSON.parse(JSON.stringify(pair));
}
