import test from 'ava';
import fc from 'fast-check';
import { startEngine } from '../../engine/index.ts';
import { glorotUniform, orthogonal } from '../../models/initializers.ts';
import { deriveSeed } from '../../models/seeds.ts';

test.before(async () => {
  await startEngine('cpu');
});

test('the rows of an orthogonal matrix are orthonormal', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1 }), (size, seed) => {
      const q = orthogonal(size, seed);
      for (let i = 0; i < size; i++) {
        for (let j = 0; j <= i; j++) {
          let dot = 0;
          for (let k = 0; k < size; k++) dot += q[i * size + k]! * q[j * size + k]!;
          if (Math.abs(dot - (i === j ? 1 : 0)) > 1e-6) return false;
        }
      }
      return true;
    }),
    { numRuns: 30 },
  );
  t.pass();
});

test("Glorot's numbers fill their range", (t) => {
  const limit = Math.sqrt(6 / 50);
  const values = glorotUniform(20, 30, 1);
  t.is(values.length, 600);
  t.true(values.every((x) => Math.abs(x) <= limit));
  t.true(Math.max(...values) > 0.9 * limit);
  t.true(Math.min(...values) < -0.9 * limit);
});

test('seeds are repeatable, never 0, and differ by use and by run', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.string(), (seed, use) => {
      const derived = deriveSeed(seed, use);
      return Number.isInteger(derived) && derived > 0 && derived < 2 ** 31 && derived === deriveSeed(seed, use);
    }),
  );
  const seeds = [0, 1, 2, 3].flatMap((seed) => ['a', 'b', 'encoder'].map((use) => deriveSeed(seed, use)));
  t.is(new Set(seeds).size, seeds.length);
});
