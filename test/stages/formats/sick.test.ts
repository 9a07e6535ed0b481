import test from 'ava';
import { toPlain } from '../../../pipeline/index.ts';
import { parse } from '../../../stages/parse.ts';
import { readLines } from '../../../stages/read.ts';
import { testOnReal } from '../../real-data.ts';
import { assertForms, assertSameInValues, errorOf, linesOf, origin } from '../forms.ts';

const sick = parse('sick');
const HEADER = 'pair_ID\tsentence_A\tsentence_B\trelatedness_score\tentailment_judgment';

test('rows become pairs; the header is dropped and counted', async (t) => {
  const file = `${HEADER}\r\n4\tThe boys play\tNo boy plays\t3.6\tCONTRADICTION\r\n24\tA\tB\t3\tNEUTRAL\textra\r\n`;
  const { records, dropped } = await assertForms(t, file, [sick], [5]);
  t.deepEqual(
    records.map((json) => JSON.parse(json)),
    [
      {
        id: '4',
        label: 'contradiction',
        premise: { text: 'The boys play' },
        hypothesis: { text: 'No boy plays' },
        origin: { ...origin, line: 2 },
      },
      { id: '24', label: 'neutral', premise: { text: 'A' }, hypothesis: { text: 'B' }, origin: { ...origin, line: 3 } },
    ],
  );
  t.deepEqual(dropped.parse, { header: 1 });
});

test('an empty file, and one of a header alone, give no pairs', async (t) => {
  for (const file of ['', HEADER]) t.deepEqual((await assertForms(t, file, [sick])).records, []);
});

const columns = 'tab-separated pair_ID, sentence_A, sentence_B, relatedness_score, entailment_judgment';
const judgments = 'one of ENTAILMENT, NEUTRAL, CONTRADICTION';
const broken = [
  { row: '4 a b 3 NEUTRAL', expected: columns, found: '4 a b 3 NEUTRAL' },
  { row: '4\ta\tb\t3', expected: columns, found: '4\ta\tb\t3' },
  { row: '4\t\tb\t3\tNEUTRAL', expected: columns, found: '4\t\tb\t3\tNEUTRAL' },
  { row: '4\ta\t\t3\tNEUTRAL', expected: columns, found: '4\ta\t\t3\tNEUTRAL' },
  { row: '4\ta\tb\t3\tneutral', expected: judgments, found: 'neutral' },
  { row: '4\ta\tb\t3\tconstructor', expected: judgments, found: 'constructor' },
  { row: '4\ta\tb\tNEUTRAL\t3', expected: judgments, found: '3' },
];
for (const { row, expected, found } of broken) {
  test(`a broken rule is named with its place: ${JSON.stringify(row)}`, async (t) => {
    const error = await errorOf(t, linesOf(`${HEADER}\n${row}\n1\ta\tb\t3\tNEUTRAL`).pipe(sick));
    t.is(error.code, 'MILLRACE_BAD_RECORD');
    t.deepEqual(toPlain(error.origin), { ...origin, line: 2 });
    t.deepEqual([error.expected, error.found], [expected, found]);
  });
}

testOnReal('sick', 'every real row is a pair', async (t, path) => {
  const { records, rejected, dropped } = await assertSameInValues(t, readLines(path), [sick]);
  t.is(records.length, 500);
  t.deepEqual(rejected, []);
  t.deepEqual(dropped.parse, { header: 1 });
});
