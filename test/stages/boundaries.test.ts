import test from 'ava';
import fc from 'fast-check';
import { findBoundaries } from '../../stages/boundaries.ts';

const MOST_BUCKETS = 16;

/** The share of padding if every batch is as wide as its bucket; the last bucket ends at the longest sentence. */
function paddingWith(lengths: readonly number[], boundaries: readonly number[]): number {
  const ends = [...boundaries, Math.max(...lengths)];
  const cells = lengths.reduce((sum, length) => sum + (ends.find((end) => length <= end) as number), 0);
  return 1 - lengths.reduce((sum, length) => sum + length, 0) / cells;
}

/** All ways to choose `count` of the values, ascending. */
function* choices(values: readonly number[], count: number, from = 0): Generator<number[]> {
  if (count === 0) yield [];
  else
    for (let i = from; i < values.length; i++)
      for (const rest of choices(values, count - 1, i + 1)) yield [values[i] as number, ...rest];
}

test('the fewest buckets that meet the target, and the best of so many: brute force agrees', (t) => {
  const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(lengths, fc.double({ min: 0, max: 0.6, noNaN: true }), (all, target) => {
      const found = findBoundaries(all, target);
      const distinct = [...new Set(all)].sort((a, b) => a - b).slice(0, -1);
      const padding = paddingWith(all, found);
      t.true(padding <= target + 1e-12 || found.length === distinct.length);
      const best = Math.min(...[...choices(distinct, found.length)].map((one) => paddingWith(all, one)));
      t.true(Math.abs(padding - best) < 1e-12);
      if (found.length > 0) {
        const fewer = Math.min(...[...choices(distinct, found.length - 1)].map((one) => paddingWith(all, one)));
        t.true(fewer > target);
      }
    }),
  );
});

test('boundaries ascend, and are never more than sixteen buckets', (t) => {
  const found = findBoundaries(
    Array.from({ length: 500 }, (_, i) => i + 1),
    0,
  );
  t.is(found.length, MOST_BUCKETS - 1);
  t.deepEqual(
    found,
    [...new Set(found)].sort((a, b) => a - b),
  );
});

test('nothing to learn from, nothing to part', (t) => {
  t.deepEqual(findBoundaries([], 0.1), []);
  t.deepEqual(findBoundaries([0], 0.1), []);
  t.deepEqual(findBoundaries([7, 7, 7], 0), []);
});
