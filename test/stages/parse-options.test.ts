import test from 'ava';
import { compose, readFormatFlags } from '../../stages/index.ts';

test('flags become options of readPairs, whichever flag they came in', (t) => {
  t.deepEqual(readFormatFlags({}), {});
  t.deepEqual(readFormatFlags({ format: 'sick' }), { format: 'sick' });
  const all = {
    ...{ premise: '2', hypothesis: 'b,c', label: '1', header: true, quotes: false },
    ...{ entailment: '0', unlabeled: '-1' },
  };
  const written = ['csv', 'header=true', 'quotes=false', 'premise=2', 'hypothesis=b\\,c', 'label=1'];
  t.deepEqual(readFormatFlags({ format: [...written, 'entailment=0', 'unlabeled=-1'].join() }), {
    format: 'csv',
    parse: all,
  });
  const flags = { columns: 'premise=2,hypothesis=b\\,c,label=1', labels: 'entailment=0,unlabeled=-1' };
  t.deepEqual(readFormatFlags({ format: 'csv,header=true,quotes=false', ...flags }), { format: 'csv', parse: all });
  t.deepEqual(readFormatFlags({ fields: 'label=gold.label' }), { parse: { label: 'gold.label' } });
});

test('what is unknown, not of this flag, or there twice is refused', (t) => {
  const refuse = (flags: object, message: RegExp) =>
    t.throws(() => readFormatFlags(flags), { code: 'MILLRACE_USAGE', message });
  refuse({ format: 'xml' }, /--format cannot read its option format; expected one of snli, snli-tsv, jsonl/);
  refuse({ columns: '2,3' }, /--columns has no such option; expected premise=TEXT, .* found "2"/);
  refuse({ columns: 'entailment=0' }, /--columns has no such option; expected premise=TEXT/);
  refuse({ labels: 'yes=entailment' }, /--labels has no such option; expected entailment=TEXT/);
  refuse({ format: 'csv,header=maybe' }, /--format cannot read its option header; expected true or false/);
  refuse({ format: 'csv,premise=1', columns: 'premise=2' }, /--columns gives premise, which was given before/);
  refuse({ columns: 'premise=2', fields: 'premise=a' }, /--fields gives premise, which was given before/);
});

test('the stage takes the same options', (t) => {
  const { stages } = compose('pairs.csv', ['parse:csv,premise=2,hypothesis=3,header=true,entailment=yes']);
  const expected = { format: 'csv', premise: '2', hypothesis: '3', header: true, entailment: 'yes' };
  t.deepEqual(stages.at(-1)?.options, expected);
  t.throws(() => compose('pairs.csv', ['parse:sick,premise=2']), {
    code: 'MILLRACE_USAGE',
    message: /The format sick has no option premise; expected one of entailment, neutral, contradiction, unlabeled/,
  });
});
