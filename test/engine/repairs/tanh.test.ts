import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { assertClose, normal, runOn } from '../engines.ts';

/** As documented in `engine/repairs/tanh.ts`. */
const RELATIVE_ERROR = 2e-7;

test.serial('the value is right to the last digits, near zero too', async (t) => {
  const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
  const around = fc.double({ min: -12, max: 12, noNaN: true }).map(Math.fround);
  const tiny = fc.double({ min: -1e-3, max: 1e-3, noNaN: true }).map(Math.fround);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(finite, around, tiny), { minLength: 1, maxLength: 300 }), async (xs) => {
      const [result] = await runOn('wasm', () => tf.tanh(tf.tensor1d(xs)));
      xs.forEach((x, i) => {
        const exact = Math.tanh(x);
        // Below the smallest normal number, float32 has no relative accuracy to keep.
        const bound = Math.max(RELATIVE_ERROR * Math.abs(exact), 1.2e-38);
        if (!(Math.abs(result!.values[i]! - exact) <= bound)) t.fail(`tanh ${x} is ${exact}, not ${result!.values[i]}`);
      });
      t.pass();
    }),
    { numRuns: 100, seed: 1 },
  );
});

test.serial('signs, infinities and NaN', async (t) => {
  const [result] = await runOn('wasm', () => tf.tanh(tf.tensor1d([0, -0, Infinity, -Infinity, NaN, 100, -100])));
  t.deepEqual(result!.values, [0, -0, 1, -1, NaN, 1, -1]);
});

test.serial('the shape is kept, also an empty one, and the gradient is that of the cpu backend', async (t) => {
  for (const shape of [[0], [], [3, 4, 2]]) {
    const gradient = (): tf.Tensor[] => [tf.tanh(normal(shape, 1)), tf.grad((x) => tf.tanh(x))(normal(shape, 1))];
    assertClose(t, await runOn('wasm', gradient), await runOn('cpu', gradient));
  }
});
