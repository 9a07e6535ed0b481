import test from 'ava';
import fc from 'fast-check';
import { labelOfScore, learnThresholds, probabilitiesOfScore } from '../../models/thresholds.ts';
import { LABELS } from '../../stages/records.ts';

/** Few different scores, so that ties are many. */
const samples = fc.array(fc.tuple(fc.integer({ min: -6, max: 6 }), fc.constantFrom(0, 1, 2)), {
  minLength: 1,
  maxLength: 14,
});

function countRight(sample: [number, number][], low: number, high: number): number {
  return sample.filter(([score, label]) => labelOfScore(score, { low, high, scale: 1 }) === LABELS[label]).length;
}

test('no thresholds label more scores rightly', (t) => {
  fc.assert(
    fc.property(samples, (sample) => {
      const learnt = learnThresholds(
        sample.map(([score]) => score),
        sample.map(([, label]) => label),
      );
      // Every pair of cuts between integers: brute force.
      const cuts = Array.from({ length: 14 }, (_, i) => i - 6.5);
      const all = cuts.flatMap((low) =>
        cuts.filter((high) => high >= low).map((high) => countRight(sample, low, high)),
      );
      return learnt.low <= learnt.high && countRight(sample, learnt.low, learnt.high) === Math.max(...all);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('thresholds lie half way between scores, and the lowest of equals are taken', (t) => {
  const { low, high } = learnThresholds([-8, -6, 0, 2, 9, 12], [2, 2, 1, 1, 0, 0]);
  t.deepEqual([low, high], [-3, 5.5]);
  // All neutral: any low up to -1 and any high above 3 would do.
  const neutral = learnThresholds([-1, 3], [1, 1]);
  t.deepEqual([neutral.low, neutral.high], [-2, 4]);
  const one = learnThresholds([5], [0]);
  t.deepEqual([one.low, one.high], [4, 4]);
});

test('probabilities add up to 1 and favour the side a score is on', (t) => {
  fc.assert(
    fc.property(
      fc.double({ min: -50, max: 50, noNaN: true }),
      fc.double({ min: -20, max: 20, noNaN: true }),
      fc.double({ min: 0, max: 20, noNaN: true }),
      fc.double({ min: 0.01, max: 10, noNaN: true }),
      (score, low, gap, scale) => {
        const [entailment, neutral, contradiction] = probabilitiesOfScore(score, { low, high: low + gap, scale });
        const total = entailment + neutral + contradiction;
        const inRange = [entailment, neutral, contradiction].every((p) => p >= 0 && p <= 1);
        const sided = score < low ? contradiction >= 0.5 : score >= low + gap ? entailment >= 0.5 : true;
        return inRange && sided && Math.abs(total - 1) < 1e-9;
      },
    ),
  );
  t.pass();
});

test('the scale is the likeliest one', (t) => {
  const scores = [-9, -4, -2, -5, 0.5, 1, -1, 3, 6, 4, 9, 2];
  const labels = [2, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0];
  const learnt = learnThresholds(scores, labels);
  const likelihood = (scale: number) =>
    scores.reduce((sum, x, i) => sum + Math.log(probabilitiesOfScore(x, { ...learnt, scale })[labels[i]!]!), 0);
  const grid = Array.from({ length: 400 }, (_, i) => 0.05 * (i + 1));
  const best = grid.reduce((a, b) => (likelihood(b) > likelihood(a) ? b : a));
  t.true(Math.abs(learnt.scale - best) < 0.06, `${learnt.scale} against ${best}`);
});
