import test from 'ava';
import fc from 'fast-check';
import { parse } from '../../../stages/parse.ts';
import { readLines } from '../../../stages/read.ts';
import type { SentencePair } from '../../../stages/records.ts';
import { testOnReal } from '../../real-data.ts';
import { blockSizes, runs, word } from '../arbitraries.ts';
import { assertForms, errorOf, linesOf } from '../forms.ts';

interface Parsed extends Omit<SentencePair, 'origin'> {
  readonly origin?: unknown;
}

async function parsed(t: Parameters<typeof assertForms>[0], file: string, stage: ReturnType<typeof parse>) {
  const { records } = await assertForms(t, file, [stage], [5]);
  return records.map((json) => {
    const { origin: _, ...pair } = JSON.parse(json) as Parsed;
    return pair;
  });
}

const pair = { id: '7', label: 'neutral', score: 2.5, premise: { text: 'a, b' }, hypothesis: { text: 'c' } };

test('columns of our own names need not be told', async (t) => {
  t.deepEqual(await parsed(t, 'id,score,hypothesis,x,premise,label\n7,2.5,c,,"a, b",neutral\n', parse('csv')), [pair]);
  t.deepEqual(await parsed(t, 'premise\thypothesis\n"a\tb"\tc', parse('tsv')), [
    { id: 'corpus.jsonl:2', premise: { text: 'a\tb' }, hypothesis: { text: 'c' } },
  ]);
});

test('columns may be told by name or number, under a header or without one', async (t) => {
  const row = 'neutral,"a, b",c,7,2.5';
  const byNumber = { label: 1, premise: '2', hypothesis: 3, id: 4, score: 5 } as const;
  t.deepEqual(await parsed(t, row, parse('csv', byNumber)), [pair]);
  t.deepEqual(await parsed(t, `l,p,h,i,s\n${row}`, parse('csv', { ...byNumber, header: true })), [pair]);
  const mixed = { label: 'l', premise: 2, hypothesis: 'h', id: 'i', score: 5 } as const;
  t.deepEqual(await parsed(t, `l,p,h,i,s\n${row}`, parse('csv', mixed)), [pair]);
});

test('empty cells are no labels, scores and ids', async (t) => {
  t.deepEqual(await parsed(t, 'premise,hypothesis,label,score,id\na,b,,"",', parse('csv')), [
    { id: 'corpus.jsonl:2', premise: { text: 'a' }, hypothesis: { text: 'b' } },
  ]);
});

test('labels are mapped as the options say; other names are bad records with those that are known', async (t) => {
  const mapped = parse('csv', { entailment: 0, neutral: 1, contradiction: 2, unlabeled: -1 });
  const rows = [0, 1, 2, -1].map((label) => `a,b,${label}`).join('\n');
  const { records, dropped } = await assertForms(t, `premise,hypothesis,label\n${rows}`, [mapped]);
  t.deepEqual(
    records.map((json) => JSON.parse(json).label),
    ['entailment', 'neutral', 'contradiction'],
  );
  t.is(dropped.parse?.['no gold label'], 1);
  const error = await errorOf(t, linesOf('premise,hypothesis,label\na,b,3').pipe(mapped));
  t.deepEqual([error.expected, error.found], ['one of 0, 1, 2, -1', '3']);
  const unmapped = await errorOf(t, linesOf('premise,hypothesis,label\na,b,Neutral').pipe(parse('csv')));
  t.regex(unmapped.message, /one of entailment, neutral, contradiction, found "Neutral"\. .*entailment=NAME/);
});

const bad = [
  { row: 'a', message: /The row has 1 cell; expected 4 cells, found \[/ },
  { row: 'a,b,neutral,1,2', message: /The row has 5 cells; expected 4 cells/ },
  { row: ',b,neutral,1', message: /The premise is wrong; expected a text that is not empty, found "nothing"/ },
  { row: 'a," ",neutral,1', message: /The hypothesis is wrong; .* found " "/ },
  { row: 'a,b,neutral,high', message: /The score is wrong; expected a number, found "high"/ },
  { row: 'a,b,neutral,1e999', message: /The score is wrong/ },
];
for (const { row, message } of bad) {
  test(`a bad row is named with its place: ${row}`, async (t) => {
    const error = await errorOf(t, linesOf(`premise,hypothesis,label,score\na,b,neutral,1\n${row}`).pipe(parse('csv')));
    t.is(error.code, 'MILLRACE_BAD_RECORD');
    t.is(error.origin?.line, 3);
    t.regex(error.message, message);
  });
}

test('a column that is not there ends the run, with those that are', async (t) => {
  const ends = async (file: string, options: object, message: RegExp) => {
    const pairs = linesOf(file).pipe(parse('csv', options)).onError('skip');
    const error = await t.throwsAsync(pairs.toArray(), { code: 'MILLRACE_USAGE' });
    t.regex(error?.message ?? '', message);
  };
  await ends('premise,b\n1,2', {}, /no column named "hypothesis"; expected one of premise, b, found "hypothesis"/);
  await ends(
    'premise,hypothesis\n1,2',
    { label: 'gold' },
    /no column named "gold"; expected one of premise, hypothesis/,
  );
  await ends('premise,hypothesis\n1,2', { label: 3 }, /no column 3; expected one of 1 to 2/);
  await ends(
    'a,a,premise\n1,2,3',
    { hypothesis: 'a' },
    /Two columns are named "a"; expected the number of one of them/,
  );
});

/** What other programs write: cells in quotes where they must be. */
function write(cell: string, delimiter: string): string {
  return cell.includes('"') || cell.includes('\n') || cell.includes(delimiter)
    ? `"${cell.replaceAll('"', '""')}"`
    : cell;
}

const cell = fc
  .array(fc.oneof(word, fc.constantFrom('"', '""', ',', '\t', '\n', '\n\n', ' ', "'", '\u0000', ', ', '","')), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.join(''));

for (const [name, delimiter] of [
  ['csv', ','],
  ['tsv', '\t'],
] as const) {
  test(`what a plain writer of ${name} wrote is read again, whatever the cells hold`, async (t) => {
    const rows = fc.array(fc.record({ premise: cell, hypothesis: cell, id: cell }), { minLength: 1, maxLength: 8 });
    const newline = fc.constantFrom('\n', '\r\n');
    await fc.assert(
      fc.asyncProperty(rows, newline, blockSizes, fc.boolean(), async (all, end, sizes, quoteAll) => {
        const good = all.filter(({ premise, hypothesis }) => premise.trim() !== '' && hypothesis.trim() !== '');
        const inQuotes = (text: string) => (quoteAll ? `"${text.replaceAll('"', '""')}"` : write(text, delimiter));
        const lines = good.map(({ premise, hypothesis, id }) =>
          [premise, hypothesis, id].map(inQuotes).join(delimiter),
        );
        const header = ['premise', 'hypothesis', 'id'].join(delimiter);
        // Line ends within cells are of the same kind, as a text editor would have them.
        const file = [header, ...lines].join('\n').replaceAll('\n', end);
        const { records, rejected } = await assertForms(t, file, [parse(name)], sizes);
        t.deepEqual(rejected, []);
        t.deepEqual(
          records
            .map((json) => JSON.parse(json))
            .map(({ premise, hypothesis, id }) => [premise.text, hypothesis.text, id]),
          good.map(({ premise, hypothesis, id }) => [premise, hypothesis, id]),
        );
      }),
      runs(120),
    );
  });
}

testOnReal('sick', "SICK's rows are those of a table, with its labels mapped", async (t, path) => {
  const columns = { premise: 'sentence_A', hypothesis: 'sentence_B', label: 'entailment_judgment', id: 'pair_ID' };
  const labels = { entailment: 'ENTAILMENT', neutral: 'NEUTRAL', contradiction: 'CONTRADICTION' };
  const table = parse('tsv', { ...columns, score: 'relatedness_score', ...labels });
  const plain = async (stage: typeof table) => JSON.parse(JSON.stringify(await readLines(path).pipe(stage).toArray()));
  const pairs = await plain(table);
  t.is(pairs.length, 500);
  t.deepEqual(pairs, await plain(parse('sick')));
});
