import test from 'ava';
import fc from 'fast-check';
import { Pipeline } from '../../../pipeline/index.ts';

const ids = (count: number, prefix = 'pair') => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
const part = (values: string[], from: number, to: number) =>
  Pipeline.from(values)
    .split((id) => id, [from, to])
    .toArray();

test('parts that do not overlap part the records, whatever the cuts', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string(), { maxLength: 60 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      async (values, cut) => {
        const [low, high] = [await part(values, 0, cut), await part(values, cut, 1)];
        t.deepEqual([...low, ...high].sort(), [...values].sort());
        t.deepEqual(
          values.filter((value) => low.includes(value)),
          low,
          'the order stays',
        );
      },
    ),
  );
});

test('a split stays when data is added or reordered', async (t) => {
  const before = await part(ids(1000), 0, 0.8);
  const after = await part([...ids(500, 'new'), ...ids(1000).reverse()], 0, 0.8);
  t.deepEqual(after.filter((id) => id.startsWith('pair')).reverse(), before);
});

test('a part holds about its share', async (t) => {
  const { length } = await part(ids(10_000), 0.2, 0.5);
  // Five standard deviations of the binomial.
  t.true(Math.abs(length - 3000) < 5 * Math.sqrt(10_000 * 0.3 * 0.7));
});

test('parts that are none are refused', (t) => {
  for (const [from, to] of [
    [0.5, 0.5],
    [-0.1, 1],
    [0, 1.1],
    [0.9, 0.1],
    [Number.NaN, 1],
  ] as [number, number][]) {
    t.throws(() => Pipeline.from(['a']).split(String, [from, to]), { code: 'MILLRACE_USAGE' });
  }
});
