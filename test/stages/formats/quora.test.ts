import test from 'ava';
import { parse } from '../../../stages/parse.ts';
import { assertForms, errorOf, linesOf } from '../forms.ts';

const quora = parse('quora');

const FILE = [
  'id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate',
  '0\t1\t2\tWhat is it?\tHow is it?\t0',
  '1\t3\t4\t"What is ""this""?',
  '',
  'And that?"\t"Which?"\t1',
].join('\n');

test('questions are pairs, with their quotes and line ends; whether they are duplicates is the score', async (t) => {
  const { records } = await assertForms(t, FILE, [quora], [6]);
  t.deepEqual(
    records.map((json) => JSON.parse(json)).map(({ origin: { line }, ...pair }) => ({ ...pair, line })),
    [
      { id: '0', score: 0, premise: { text: 'What is it?' }, hypothesis: { text: 'How is it?' }, line: 2 },
      {
        ...{ id: '1', score: 1, line: 3 },
        ...{ premise: { text: 'What is "this"?\n\nAnd that?' }, hypothesis: { text: 'Which?' } },
      },
    ],
  );
});

test('a label is given only where a map says which', async (t) => {
  const labelled = async (map: object) => (await assertForms(t, FILE, [parse('quora', map)])).records;
  const labels = (records: readonly string[]) => records.map((json) => JSON.parse(json).label);
  t.deepEqual(labels(await labelled({ entailment: 1, neutral: 0 })), ['neutral', 'entailment']);
  t.deepEqual(labels(await labelled({ entailment: 1, unlabeled: 0 })), ['entailment']);
  const error = await errorOf(t, linesOf(FILE).pipe(parse('quora', { entailment: 1 })));
  t.deepEqual([error.expected, error.found, error.origin?.line], ['one of 1', '0', 2]);
});

test("where quotes mean nothing, as in GLUE's files, they are text", async (t) => {
  const file = 'question1\tquestion2\n"a\tb"';
  const { records } = await assertForms(t, file, [parse('quora', { quotes: false })]);
  const [{ premise, hypothesis }] = records.map((json) => JSON.parse(json));
  t.deepEqual([premise.text, hypothesis.text], ['"a', 'b"']);
});

test('what is neither 0 nor 1, and rows that are torn, are bad records', async (t) => {
  const wrong = await errorOf(t, linesOf(FILE.replace('\t0\n', '\tno\n')).pipe(quora));
  t.deepEqual([wrong.expected, wrong.found], ['0 or 1', 'no']);
  const torn = await errorOf(t, linesOf(FILE).pipe(parse('quora', { quotes: false })));
  t.regex(torn.message, /:3: The row has 4 cells; expected 6 cells/);
});
