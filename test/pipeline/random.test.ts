import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { Random } from '../../pipeline/index.ts';
import { law } from './laws.ts';

const seeds = fc.oneof(fc.integer(), fc.nat(0xffffffff), fc.constantFrom(0, -1, 2 ** 31, 2 ** 32 - 1));

// The papers' generators on unbounded integers, cut to 32 bits where C does it.
const cut = (x: bigint) => BigInt.asUintN(32, x);
const rotl = (x: bigint, by: bigint) => cut(x << by) | (x >> (32n - by));

function* splitmix32(seed: number): Generator<bigint, never> {
  for (let state = cut(BigInt(seed)); ; ) {
    state = cut(state + 0x9e3779b9n);
    let z = state;
    z = cut((z ^ (z >> 16n)) * 0x21f0aaadn);
    z = cut((z ^ (z >> 15n)) * 0x735a2d97n);
    yield z ^ (z >> 15n);
  }
}

function* xoshiro128starstar(state: readonly bigint[]): Generator<bigint, never> {
  for (let [s0, s1, s2, s3] = state as [bigint, bigint, bigint, bigint]; ; ) {
    yield cut(rotl(cut(s1 * 5n), 7n) * 9n);
    const t = cut(s1 << 9n);
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = rotl(s3, 11n);
  }
}

function reference(seed: number): Generator<bigint, never> {
  const mix = splitmix32(seed);
  return xoshiro128starstar([mix.next().value, mix.next().value, mix.next().value, mix.next().value]);
}

law('the numbers are those of xoshiro128** seeded by splitmix32', [seeds], (seed) => {
  const random = new Random(seed);
  const expected = reference(seed);
  for (let i = 0; i < 20; i++) assert.equal(random.next(), Number(expected.next().value));
});

test('from the state 1, 2, 3, 4 the first numbers can be worked out by hand', (t) => {
  const random = new Random([1, 2, 3, 4]);
  // s1 is 2, then 2 ^ (3 ^ 1) = 0, then 0 ^ (3 ^ 1 ^ 2 << 9) ^ (1 ^ 4 ^ 2) = 0x405; nothing is carried past 32 bits.
  const scrambled = [2, 0, 0x405].map((s1) => s1 * 5 * 2 ** 7 * 9);
  t.deepEqual([random.next(), random.next(), random.next()], scrambled);
});

law('a generator goes on from its state, which is plain JSON', [seeds, fc.nat(50)], (seed, steps) => {
  const random = new Random(seed);
  for (let i = 0; i < steps; i++) random.next();
  const resumed = new Random(JSON.parse(JSON.stringify(random.state)));
  for (let i = 0; i < 10; i++) assert.equal(resumed.next(), random.next());
  assert.deepEqual(resumed.state, random.state);
});

test('reading the state changes nothing, and changing what was read neither', (t) => {
  const [one, other] = [new Random(3), new Random(3)];
  one.state.fill(0);
  t.is(one.next(), other.next());
});

test('a generator takes its state as a copy', (t) => {
  const state = new Random(3).state;
  const random = new Random(state);
  random.next();
  t.deepEqual(state, new Random(3).state);
});

test('near seeds give unrelated streams', (t) => {
  let same = 0;
  for (let seed = 0; seed < 1000; seed++) {
    const difference = new Random(seed).next() ^ new Random(seed + 1).next();
    for (let bit = 0; bit < 32; bit++) same += (difference >>> bit) & 1 ? 0 : 1;
  }
  // 32,000 fair coins; five standard deviations are 447.
  t.true(Math.abs(same - 16_000) < 447, `${same} of 32,000 bits are the same`);
});

law(
  'below stays below, and uniform in [0, 1)',
  [seeds, fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 2 ** 32 }))],
  (seed, bound) => {
    const random = new Random(seed);
    for (let i = 0; i < 20; i++) {
      const drawn = random.below(bound);
      assert.ok(Number.isInteger(drawn) && drawn >= 0 && drawn < bound);
      const number = random.uniform();
      assert.ok(number >= 0 && number < 1);
    }
  },
);

test('below favours no number, even where 2^32 is far from a multiple of the bound', (t) => {
  // Without rejection a third of the range would be drawn twice as often as the rest.
  const bound = 3 * 2 ** 30;
  const random = new Random(11);
  const counts = [0, 0, 0];
  const draws = 30_000;
  for (let i = 0; i < draws; i++) counts[Math.floor(random.below(bound) / 2 ** 30)]!++;
  const statistic = counts.reduce((sum, count) => sum + (count - draws / 3) ** 2 / (draws / 3), 0);
  // The 99.9th percentile of chi-square with 2 degrees of freedom.
  t.true(statistic < 13.82, `${counts}`);
});

test('below over a small range is even', (t) => {
  const random = new Random(5);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 20_000; i++) counts[random.below(10)]!++;
  const statistic = counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
  // The 99.9th percentile of chi-square with 9 degrees of freedom.
  t.true(statistic < 27.88, `${counts}`);
});
