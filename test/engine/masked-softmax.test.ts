import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { maskedSoftmax, startEngine } from '../../engine/index.ts';
import { fusedMaskedSoftmax } from '../../engine/kernels/masked-softmax.ts';
import { portableMaskedSoftmax } from '../../engine/portable/masked-softmax.ts';
import { MillraceError } from '../../pipeline/errors.ts';
import { assertNear, builds, differencesOf, seededNumbers, valueAndGradients } from './numbers.ts';

type Implementation = (logits: tf.Tensor, mask: tf.Tensor) => tf.Tensor;

async function implementations(): Promise<[string, Implementation][]> {
  const fused = (await builds()).map(([build, kernels]): [string, Implementation] => [
    build,
    (logits, mask) => fusedMaskedSoftmax(kernels, logits, mask),
  ]);
  return [...fused, ['portable', portableMaskedSoftmax]];
}

const cases = fc
  .record({
    rows: fc.integer({ min: 0, max: 5 }),
    width: fc.integer({ min: 1, max: 11 }),
    spread: fc.constantFrom(1, 10, 200),
    seed: fc.nat({ max: 1e6 }),
    chances: fc.array(fc.boolean(), { minLength: 55, maxLength: 55 }),
  })
  .map(({ chances, ...one }) => ({ ...one, mask: chances.slice(0, one.rows * one.width) }));

function plainly(logits: ArrayLike<number>, mask: readonly boolean[], width: number): number[] {
  return mask.map((admitted, i) => {
    if (!admitted) return 0;
    const first = i - (i % width);
    let sum = 0;
    for (let at = first; at < first + width; at++) if (mask[at]) sum += Math.exp(logits[at]! - logits[i]!);
    return 1 / sum;
  });
}

test.serial('every implementation is what the equation says, and its gradients are differences', async (t) => {
  const all = await implementations();
  fc.assert(
    fc.property(cases, ({ rows, width, spread, seed, mask }) => {
      const numbers = seededNumbers([rows * width], seed).map((values) => values.map((value) => value * spread));
      const expected = plainly(numbers[0]!, mask, width);
      const [differences] = differencesOf(([logits]) => plainly(logits!, mask, width), numbers);
      for (const [name, implementation] of all) {
        const masked = (logits: tf.Tensor) =>
          implementation(logits, tf.tensor(mask.map(Number), [rows, 1, width], 'bool'));
        const [value, gradient] = valueAndGradients(masked as typeof tf.relu, numbers, [[rows, 1, width]]);
        assertNear(t, value!, expected, 1e-5, `${name}: value`);
        assertNear(t, gradient!, differences!, 1e-5, `${name}: gradient`);
      }
    }),
    { numRuns: 100, seed: 1 },
  );
});

test.serial('small shares keep their digits', async (t) => {
  const logits = Float32Array.from({ length: 9 }, (_, i) => -10 * i);
  const expected = plainly(logits, new Array(9).fill(true), 9);
  for (const [name, implementation] of await implementations()) {
    const shares = tf.tidy(() => implementation(tf.tensor2d(logits, [1, 9]), tf.ones([1, 9], 'bool')).dataSync());
    for (const [i, value] of expected.entries()) t.true(Math.abs(shares[i]! / value - 1) < 1e-5, `${name}, ${i}`);
  }
});

test.serial('what the mask holds back is never looked at; nothing is a row of zeros', async (t) => {
  const logits = [1, Number.NaN, 2, Number.POSITIVE_INFINITY, 3, Number.NaN, Number.NaN, 3e38, -3e38, 0];
  const mask = [1, 0, 1, 0, 1, 0, 0, 0, 0, 0];
  const expected = plainly(
    logits,
    mask.map((one) => one === 1),
    5,
  );
  for (const [name, implementation] of await implementations()) {
    const masked = (x: tf.Tensor) => implementation(x, tf.tensor(mask, [2, 5], 'bool'));
    const [value, gradient] = valueAndGradients(masked as typeof tf.relu, [Float32Array.from(logits)], [[2, 5]]);
    assertNear(t, value!, expected, 1e-6, name);
    t.true(
      gradient!.every((d, i) => (mask[i] === 1 ? Math.abs(d) > 0 : d === 0)),
      `${name}: ${gradient}`,
    );
  }
});

test.serial('wasm runs the kernels; another type or shape is refused', async (t) => {
  await startEngine('wasm');
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const logits = tf.tensor2d([[0, 0, 5]]);
    t.deepEqual([...maskedSoftmax(logits, tf.tensor2d([[1, 1, 0]], [1, 3], 'bool')).dataSync()], [0.5, 0.5, 0]);
    for (const mask of [tf.ones([1, 3]), tf.ones([3, 1], 'bool')]) {
      const error = t.throws(() => maskedSoftmax(logits, mask), { instanceOf: MillraceError });
      t.is(error?.code, 'MILLRACE_SHAPE');
    }
  });
  t.is(tf.memory().numTensors, before);
});
