import test from 'ava';
import { InvalidArgumentError } from 'commander';
import { collect, positiveNumber, share, wholeNumber } from '../../commands/options.ts';

test('whole numbers', (t) => {
  t.is(wholeNumber()('0'), 0);
  t.is(wholeNumber(1)('12'), 12);
  for (const text of ['0', '-1', '1.5', '1e3', '', ' ', 'ten', '12345678901234567890']) {
    t.throws(() => wholeNumber(1)(text), { instanceOf: InvalidArgumentError, message: /whole number of 1 or more/ });
  }
});

test('positive numbers', (t) => {
  t.is(positiveNumber('1e-3'), 0.001);
  t.is(positiveNumber('5'), 5);
  for (const text of ['0', '-1', '', ' ', 'Infinity', 'NaN', '1,5']) {
    t.throws(() => positiveNumber(text), { instanceOf: InvalidArgumentError, message: /above 0/ });
  }
});

test('shares', (t) => {
  t.is(share('0'), 0);
  t.is(share('0.25'), 0.25);
  for (const text of ['1', '-0.1', '', 'half']) t.throws(() => share(text), { instanceOf: InvalidArgumentError });
});

test('options that may come several times are collected in order', (t) => {
  t.deepEqual(collect('b', collect('a')), ['a', 'b']);
});
