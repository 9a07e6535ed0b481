import test from 'ava';
import { toPlain, Utf8Column } from '../../pipeline/index.ts';
import { parse } from '../../stages/parse.ts';
import type { Sentence } from '../../stages/records.ts';
import { defineSentenceStage, isPair, sentencesOf, type Text } from '../../stages/sentences.ts';
import { snliText } from './arbitraries.ts';
import { assertCloses, assertForms, chain, line, linesOf, staysTable } from './forms.ts';

const pair = { id: 'x', premise: { text: 'a' }, hypothesis: { text: 'b' }, origin: { source: 's' } };

const shout = defineSentenceStage<Text>({
  name: 'shout',
  sentence: ({ text }: Sentence) => ({ text: text.toUpperCase() }),
  columns: (columns, prefix) => {
    const texts = columns[`${prefix}text`];
    if (!(texts instanceof Utf8Column) || prefix === 'hypothesis.') return undefined;
    return { text: Utf8Column.from(Array.from({ length: texts.length }, (_, row) => texts.get(row)?.toUpperCase())) };
  },
});

test('a pair has two sentences, anything else is one', async (t) => {
  t.deepEqual(sentencesOf(pair), [pair.premise, pair.hypothesis]);
  t.deepEqual(sentencesOf({ text: 'a' }), [{ text: 'a' }]);
  const [view] = await linesOf(snliText()).pipe(parse('snli')).toArray();
  t.true(isPair(view as Text));
  t.deepEqual(
    sentencesOf(view as Text).map(({ text }) => text),
    ['A dog sleeps.', 'It dreams.'],
  );
});

test('a stage treats a line, and both sides of a pair', async (t) => {
  t.true(await staysTable('a', [shout]));
  const { records } = await assertForms(t, 'a\nb', [shout], [1]);
  t.deepEqual(
    records.map((json) => JSON.parse(json).text),
    ['A', 'B'],
  );
  const pairs = await assertForms(t, snliText(), [parse('snli'), shout]);
  const { premise, hypothesis } = JSON.parse(pairs.records[0] as string);
  t.deepEqual([premise.text, hypothesis.text], ['A DOG SLEEPS.', 'IT DREAMS.']);
});

test('a table that one side declines goes row by row as a whole', async (t) => {
  t.false(await staysTable(snliText(), [parse('snli'), shout]));
});

test('the fields of the records before it stay', async (t) => {
  const before = (await chain(linesOf(snliText()), [parse('snli')]).toArray()).map(toPlain);
  const after = (await chain(linesOf(snliText()), [parse('snli'), shout]).toArray()).map(toPlain);
  const [first] = before as (typeof pair)[];
  const expected = {
    ...first,
    premise: { ...first?.premise, text: 'A DOG SLEEPS.' },
    hypothesis: { ...first?.hypothesis, text: 'IT DREAMS.' },
  };
  t.deepEqual(after, [expected]);
});

test('stopping early and aborting close the source', async (t) => {
  await assertCloses(t, shout, [line('a')]);
});
