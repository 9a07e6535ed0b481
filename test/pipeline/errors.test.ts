import test from 'ava';
import { type ErrorDetails, errorCodes, formatOrigin, MillraceError, unknownName } from '../../pipeline/index.ts';
import { tableOf, words } from './probes.ts';

const message = (details: ErrorDetails) =>
  new MillraceError('MILLRACE_BAD_RECORD', 'The label is wrong', details).message;

test('the message is put together from the parts that are there', (t) => {
  t.is(message({}), 'The label is wrong');
  t.is(message({ origin: { source: 'a.txt' } }), 'a.txt: The label is wrong');
  t.is(message({ expected: 'a label' }), 'The label is wrong; expected a label');
  t.is(message({ found: 'x"y' }), String.raw`The label is wrong, found "x\"y"`);
  t.is(message({ hint: 'Look at it.' }), 'The label is wrong. Look at it.');
  t.is(
    message({
      origin: { source: 'a.zip', entry: 'b.txt', line: 17 },
      expected: 'a label',
      found: 3,
      hint: 'Look at it.',
    }),
    'a.zip#b.txt:17: The label is wrong; expected a label, found 3. Look at it.',
  );
});

test('what was found is shown on one line, shortened when it is long', (t) => {
  for (const [found, shown] of [
    [null, 'null'],
    [Number.NaN, 'NaN'],
    ['two\nlines', String.raw`"two\nlines"`],
    [['a', 1], "[ 'a', 1 ]"],
    [{ a: { b: 1 } }, '{ a: { b: 1 } }'],
    [Object.create(null), '[Object: null prototype] {}'],
    [new TypeError('no'), 'TypeError: no'],
    [Symbol('s'), 'Symbol(s)'],
  ] as const) {
    t.is(message({ found }), `The label is wrong, found ${shown}`);
  }
  t.true(message({ found: tableOf(words(1)).get(0) }).includes("text: '0'"));
  const long = message({ found: 'x'.repeat(500) });
  t.is(long.length, 'The label is wrong, found '.length + 120);
  t.true(long.endsWith('xxx…'));
  t.false(message({ found: Array.from({ length: 50 }, (_, i) => ({ i })) }).includes('\n'));
});

test('the parts are there for programs', (t) => {
  const cause = new Error('why');
  const details = { origin: { source: 'a.txt', line: 2 }, expected: 'a', found: ['b'], hint: 'Do.', cause };
  const error = new MillraceError('MILLRACE_SHAPE', 'No', details);
  t.true(error instanceof Error);
  t.is(error.name, 'MillraceError');
  t.is(error.code, 'MILLRACE_SHAPE');
  t.like(error, details);
  t.false('cause' in new MillraceError('MILLRACE_SHAPE', 'No'));
});

test('as JSON it is plain, and complete but for its cause and its stack', (t) => {
  const error = new MillraceError('MILLRACE_HTTP', 'No', {
    origin: { source: 'a' },
    expected: 'b',
    found: 1n,
    hint: 'Do.',
  });
  t.deepEqual(JSON.parse(JSON.stringify(error)), {
    code: 'MILLRACE_HTTP',
    message: 'a: No; expected b, found 1n. Do.',
    origin: { source: 'a' },
    expected: 'b',
    found: '1n',
    hint: 'Do.',
  });
  t.deepEqual(JSON.parse(JSON.stringify(new MillraceError('MILLRACE_HTTP', 'No'))), {
    code: 'MILLRACE_HTTP',
    message: 'No',
  });
});

test('places are named as compilers name them', (t) => {
  t.is(formatOrigin({ source: 'a.txt' }), 'a.txt');
  t.is(formatOrigin({ source: 'a.txt', line: 1 }), 'a.txt:1');
  t.is(formatOrigin({ source: 'a.zip', entry: 'b' }), 'a.zip#b');
  t.is(formatOrigin({ source: 'a.zip', entry: '', line: 3 }), 'a.zip#:3');
});

test('an unknown name is told the names that there are', (t) => {
  const error = unknownName(
    'stage',
    'tokenise',
    new Map([
      ['tokenize', 1],
      ['take', 2],
    ]).keys(),
  );
  t.is(error.code, 'MILLRACE_USAGE');
  t.is(error.message, 'There is no stage named "tokenise"; expected one of tokenize, take, found "tokenise"');
});

test('every code says in a few words what it is', (t) => {
  for (const [code, meaning] of Object.entries(errorCodes)) {
    t.regex(code, /^MILLRACE_[A-Z_]+$/);
    t.regex(meaning, /^[a-z].*[^.]$/i);
  }
});
