import test from 'ava';
import fc from 'fast-check';
import { parseDecimal } from '../../stages/decimal.ts';
import { readLines } from '../../stages/read.ts';
import { testOnReal } from '../real-data.ts';
import { runs } from './arbitraries.ts';

function parse(text: string): number {
  // Within other bytes, which must not count.
  const bytes = Buffer.from(`7${text}7`);
  return parseDecimal(bytes, 1, bytes.length - 1);
}

const digits = fc.stringMatching(/^[0-9]{1,30}$/);
const sign = fc.constantFrom('', '-', '+');
const exponent = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  fc.tuple(fc.constantFrom('e', 'E'), sign, fc.integer({ min: 0, max: 30 })).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('e', 'E'), sign, fc.integer({ min: 0, max: 400 })).map((parts) => parts.join('')),
);
const decimal = fc
  .record({
    sign,
    number: fc.oneof(
      digits,
      fc.tuple(digits, digits).map(([whole, part]) => `${whole}.${part}`),
      digits.map((part) => `.${part}`),
      digits.map((whole) => `${whole}.`),
    ),
    exponent,
  })
  .map((parts) => parts.sign + parts.number + parts.exponent);

test('any decimal is what parseFloat says', (t) => {
  fc.assert(
    fc.property(decimal, (text) => {
      t.is(parse(text), Number.parseFloat(text), text);
    }),
    runs(20_000),
  );
});

test('any float64 and float32 comes back from its digits, shortest or not', (t) => {
  const double = fc.double({ noNaN: true, noDefaultInfinity: true });
  const float = fc.float({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(fc.oneof(double, float), fc.nat(20), (value, places) => {
      t.is(parse(String(value)), value === 0 ? 0 : value);
      t.is(parse(value.toExponential(places)), Number(value.toExponential(places)));
      if (Math.abs(value) < 1e21) t.is(parse(value.toFixed(places)), Number(value.toFixed(places)));
    }),
    runs(5000),
  );
});

test('the edges of exact arithmetic, of float64 and of float32', (t) => {
  const edges = [
    ...['0', '-0', '+0', '0.0', '-0.000', '.0', '0e400', '-0e-400', '00000000000000000000000000000001'],
    ...['9007199254740991', '9007199254740992', '9007199254740993', '9007199254740995', '900719925474099.25'],
    ...['1e22', '1e23', '1e-22', '1e-23', '8.5e22', '123456789012345e22', '9007199254740993e-22'],
    ...['1.7976931348623157e308', '1.7976931348623159e308', '1e309', '4.9e-324', '2.4703282292062328e-324', '1e-400'],
    ...['16777217', '16777219', '3.4028235677973366e38', '1.401298464324817e-45', '7.006492321624085e-46'],
    // Half way between two float32, and a little more than float64 can see: rounded twice, as the reference is.
    ...['1.000000059604644775390625', '1.0000000596046447753906250000001', '1.00000017881393432617187500000001'],
    `1${'0'.repeat(400)}`,
    `0.${'0'.repeat(400)}1e400`,
    `0.${'3'.repeat(1000)}`,
    `1e${'9'.repeat(400)}`,
    `1e-${'0'.repeat(400)}3`,
  ];
  for (const text of edges) t.is(parse(text), Number.parseFloat(text), text);
  t.is(Math.fround(parse('16777217')), 16777216);
});

test('what is no decimal number is not a number', (t) => {
  const not = ['', '-', '+', '.', '-.', 'e5', '.e5', '1e', '1e+', '1e-', '--1', '+-1', '1.2.3', '1e5.5', '1e5e5', '1x'];
  const others = [' 1', '1 ', '\t', '1\u00a0', '١', 'NaN', 'Infinity', '-inf', '0x10', '1_000', '1,5', '1n', '1e 5'];
  for (const text of [...not, ...others]) t.is(parse(text), Number.NaN, text);
});

test('any bytes are a number only where their text is one', (t) => {
  const shape = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const text = fc.string({ unit: fc.constantFrom(...'0123459.-+eE x'), maxLength: 8 });
  let numbers = 0;
  fc.assert(
    fc.property(text, (one) => {
      if (shape.test(one)) numbers++;
      t.is(parse(one), shape.test(one) ? Number.parseFloat(one) : Number.NaN, one);
    }),
    runs(10_000),
  );
  t.true(numbers > 500, `only ${numbers} were numbers: the law was hardly tested`);
});

testOnReal('glove', 'every value of the first real vectors is what parseFloat says', async (t, path) => {
  let values = 0;
  let wrong = 0;
  for await (const { text } of readLines(`${path}#glove.6B.100d.txt`).take(10_000)) {
    const bytes = Buffer.from(text);
    for (let start = bytes.indexOf(' ') + 1; start > 0; ) {
      const space = bytes.indexOf(' ', start);
      const end = space < 0 ? bytes.length : space;
      const value = parseDecimal(bytes, start, end);
      if (!Object.is(value, Number.parseFloat(bytes.toString('latin1', start, end)))) wrong++;
      values++;
      start = space + 1;
    }
  }
  t.is(values, 1_000_000);
  t.is(wrong, 0);
});
