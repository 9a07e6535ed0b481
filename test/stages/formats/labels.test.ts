import test from 'ava';
import { LabelMap, OWN_NAMES, SNLI_NAMES } from '../../../stages/formats/labels.ts';
import { parse } from '../../../stages/parse.ts';
import { snliText } from '../arbitraries.ts';
import { assertForms, errorOf, linesOf, origin, staysTable } from '../forms.ts';

test('each name is one label, and no other text is any', (t) => {
  const map = new LabelMap({ entailment: 'yes', contradiction: 0, unlabeled: '?' });
  t.is(map.labelOf('yes', 'label', origin), 'entailment');
  t.is(map.labelOf('0', 'label', origin), 'contradiction');
  for (const name of ['no', 'Yes', ' yes', 'YES', 'entailment', '?', '', undefined, null, 0, ['yes'], 'toString']) {
    const error = t.throws(() => map.labelOf(name, 'label', origin), { code: 'MILLRACE_BAD_RECORD' });
    t.regex(error?.message ?? '', /expected one of yes, 0, \?/);
  }
});

test('a map that is given says everything', (t) => {
  t.deepEqual(LabelMap.of({}, SNLI_NAMES), new LabelMap(SNLI_NAMES));
  const given = LabelMap.of({ entailment: 'e' }, SNLI_NAMES);
  t.deepEqual([given.names, given.labels, given.unlabeled], [['e'], ['entailment'], undefined]);
  t.deepEqual(new LabelMap(OWN_NAMES).names, ['entailment', 'neutral', 'contradiction']);
});

const file = ['no', 'yes', 'skip', 'no', 'yes'].map((gold_label) => snliText({ gold_label })).join('\n');

test("SNLI's tables know mapped labels too", async (t) => {
  const mapped = parse('snli', { contradiction: 'yes', entailment: 'no', unlabeled: 'skip' });
  t.true(await staysTable(file, [mapped]));
  const { records, dropped } = await assertForms(t, file, [mapped], [50]);
  t.deepEqual(
    records.map((json) => JSON.parse(json).label),
    ['entailment', 'contradiction', 'entailment', 'contradiction'],
  );
  t.deepEqual(dropped.parse, { 'no gold label': 1 });
});

test('where nothing is told of pairs without a label, they are bad records', async (t) => {
  const error = await errorOf(t, linesOf(file).pipe(parse('snli', { contradiction: 'yes', entailment: 'no' })));
  t.deepEqual([error.expected, error.found, error.origin?.line], ['one of no, yes', 'skip', 3]);
  await assertForms(t, file, [parse('snli', { contradiction: 'yes', entailment: 'no' })], [50]);
});

test("SICK's judgments can be mapped", async (t) => {
  const { records } = await assertForms(t, '1\ta\tb\t3\tB\n2\ta\tb\t3\t-', [
    parse('sick', { neutral: 'B', unlabeled: '-' }),
  ]);
  t.deepEqual(
    records.map((json) => JSON.parse(json).label),
    ['neutral'],
  );
});
