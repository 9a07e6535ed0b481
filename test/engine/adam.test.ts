import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { type AdamStep, adamStep, startEngine } from '../../engine/index.ts';
import { portableAdam } from '../../engine/portable/adam.ts';

/** Numbers in -1..1, the same for the same seed; 0 in rows whose number is in `still`. */
function numbers(rows: number, width: number, seed: number, still: ReadonlySet<number> = new Set()): Float32Array {
  let state = seed + 1;
  return Float32Array.from({ length: rows * width }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return still.has(Math.floor(i / width)) ? 0 : state / 2 ** 31 - 1;
  });
}

interface Plain {
  readonly weight: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** The same in float64, as the paper has it: clipped gradients, means, their bias corrected, a step. */
function plainStep(weights: readonly Plain[], gradients: readonly Float32Array[], sparse: boolean[], step: AdamStep) {
  const widths = gradients.map((gradient, i) => gradient.length / shapes[i]![0]);
  const norm = Math.hypot(...gradients.flatMap((gradient) => [...gradient]));
  const clip = Math.min(1, step.maxGradientNorm / norm);
  weights.forEach(({ weight, first, second }, i) => {
    for (let at = 0; at < weight.length; at++) {
      const row = Math.floor(at / widths[i]!);
      if (sparse[i] && gradients[i]!.subarray(row * widths[i]!, (row + 1) * widths[i]!).every((g) => g === 0)) continue;
      const g = gradients[i]![at]! * clip;
      first[at] = step.firstDecay * first[at]! + (1 - step.firstDecay) * g;
      second[at] = step.secondDecay * second[at]! + (1 - step.secondDecay) * g * g;
      const mean = first[at]! / (1 - step.firstDecay ** step.step);
      const meanSquare = second[at]! / (1 - step.secondDecay ** step.step);
      weight[at]! -= (step.learningRate * mean) / (Math.sqrt(meanSquare) + step.epsilon);
    }
  });
  return norm;
}

// One with rows that are no whole vectors, one longer than a block of the norm's sum, one that is a vector.
const shapes: [number, number][] = [
  [9, 7],
  [70, 64],
  [1, 5],
];

for (const engine of ['cpu', 'wasm'] as const) {
  test.serial(`${engine}: steps are those of the paper, and rows without a gradient stay where they may`, async (t) => {
    await startEngine(engine);
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.uniqueArray(fc.nat(69), { maxLength: 60 }),
        fc.constantFrom(0.5, 1e3),
        fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
        (seed, still, maxGradientNorm, sparse) => {
          const start = shapes.map(([rows, width], i) => numbers(rows, width, seed + i));
          const variables = start.map((values, i) => {
            const zeros = tf.zeros(shapes[i]!);
            const made = { first: tf.variable(zeros), second: tf.variable(zeros) };
            zeros.dispose();
            return { weight: tf.variable(tf.tensor2d(values, shapes[i])), ...made, sparse: sparse[i]! };
          });
          const plain = start.map((values) => ({
            weight: Float64Array.from(values),
            first: new Float64Array(values.length),
            second: new Float64Array(values.length),
          }));
          const rates = { learningRate: 0.1, firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8, maxGradientNorm };
          for (const step of [1, 2, 3]) {
            const gradients = shapes.map(([rows, width], i) =>
              numbers(rows, width, 7 * seed + step + i, new Set(still)),
            );
            const tensors = gradients.map((values, i) => tf.tensor2d(values, shapes[i]));
            const all = variables.map((one, i) => ({ ...one, gradient: tensors[i]! }));
            const norm = adamStep(all, { ...rates, step });
            const expected = plainStep(plain, gradients, [...sparse], { ...rates, step });
            t.true(Math.abs(norm.dataSync()[0]! - expected) <= 1e-5 * expected);
            tf.dispose([norm, ...tensors]);
          }
          variables.forEach(({ weight, first, second }, i) => {
            for (const [ours, theirs] of [
              [weight, plain[i]!.weight],
              [first, plain[i]!.first],
              [second, plain[i]!.second],
            ] as const) {
              const values = ours.dataSync();
              const worst = Math.max(...Array.from(values, (value, at) => Math.abs(value - theirs[at]!)));
              t.true(worst < 1e-5, `${worst}`);
            }
          });
          tf.dispose(variables.flatMap(({ weight, first, second }) => [weight, first, second]));
        },
      ),
      { seed: 11, numRuns: 40 },
    );
  });
}

test.serial('wasm: the kernels make the steps that the operations make', async (t) => {
  await startEngine('wasm');
  const make = () => ({
    weight: tf.variable(tf.tensor2d(numbers(9, 7, 1), [9, 7])),
    first: tf.variable(tf.zeros([9, 7])),
    second: tf.variable(tf.zeros([9, 7])),
    sparse: true,
  });
  const [ours, theirs] = [make(), make()];
  const rates = { learningRate: 0.1, firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8, maxGradientNorm: 1 };
  for (const step of [1, 2, 3]) {
    const gradient = tf.tensor2d(numbers(9, 7, step, new Set([step, 5])), [9, 7]);
    adamStep([{ ...ours, gradient }], { ...rates, step }).dispose();
    portableAdam([{ ...theirs, gradient }], { ...rates, step }).dispose();
    gradient.dispose();
  }
  const difference = tf.tidy(() => tf.max(tf.abs(tf.sub(ours.weight, theirs.weight))).dataSync()[0]!);
  t.true(difference < 1e-6, `${difference}`);
});

test.serial('wasm: a step moves no tensor that a weight was assigned or that was copied from it', async (t) => {
  await startEngine('wasm');
  const values = tf.tensor2d(numbers(2, 4, 3), [2, 4]);
  const before = [...values.dataSync()];
  const weight = tf.variable(values);
  const copy = weight.clone();
  const zeros = tf.zeros([2, 4]);
  const [first, second] = [tf.variable(zeros), tf.variable(zeros)];
  const gradient = tf.onesLike(weight);
  const rates = { learningRate: 0.1, firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8, maxGradientNorm: 1e3 };
  const tensors = tf.memory().numTensors;
  adamStep([{ weight, first, second, gradient, sparse: false }], { ...rates, step: 1 }).dispose();
  t.is(tf.memory().numTensors, tensors);
  t.deepEqual([...values.dataSync()], before);
  t.deepEqual([...copy.dataSync()], before);
  t.deepEqual([...zeros.dataSync()], new Array(8).fill(0));
  t.true([...weight.dataSync()].every((value, i) => Math.abs(value - (before[i]! - 0.1)) < 1e-6));
});

test.serial('wasm: a gradient that is no number makes the norm none', async (t) => {
  await startEngine('wasm');
  const zeros = tf.zeros([1]);
  const [weight, first, second] = [tf.variable(zeros), tf.variable(zeros), tf.variable(zeros)];
  const rates = { learningRate: 0.1, firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8, maxGradientNorm: 1 };
  const gradient = tf.tensor1d([Number.NaN]);
  t.deepEqual(
    [...adamStep([{ weight, first, second, gradient, sparse: false }], { ...rates, step: 1 }).dataSync()],
    [Number.NaN],
  );
  t.deepEqual([...weight.dataSync()], [Number.NaN]);
});
