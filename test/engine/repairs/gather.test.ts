import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { MillraceError } from '../../../pipeline/errors.ts';
import { assertClose, normal, runOn } from '../engines.ts';

const cases = fc.record({
  batch: fc.integer({ min: 1, max: 4 }),
  rows: fc.integer({ min: 1, max: 5 }),
  row: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
  chosen: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat({ max: 1e6 }),
});

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function indices({ batch, rows, chosen, seed }: Case): tf.Tensor2D {
  return tf.cast(tf.randomUniform([batch, chosen], 0, rows, 'float32', seed + 1), 'int32');
}

test.serial('each example is indexed by its own row', async (t) => {
  await fc.assert(
    fc.asyncProperty(cases, async (shape) => {
      const { batch, rows, row, seed } = shape;
      const gathered = (): tf.Tensor => tf.gather(normal([batch, rows, ...row], seed), indices(shape), 1, 1);
      const oneByOne = (): tf.Tensor => {
        const examples = tf.unstack(normal([batch, rows, ...row], seed));
        const chosen = tf.unstack(indices(shape));
        return tf.stack(examples.map((example, i) => tf.gather(example, chosen[i] as tf.Tensor1D)));
      };
      assertClose(t, await runOn('wasm', gathered), await runOn('cpu', oneByOne));
    }),
    { numRuns: 60, seed: 1 },
  );
});

test.serial('without batch axes, rows of any shape and type are gathered along any axis', async (t) => {
  await fc.assert(
    fc.asyncProperty(cases, fc.constantFrom('float32', 'int32', 'bool'), async (shape, dtype) => {
      const { batch, rows, row, seed } = shape;
      const x = [rows, batch, ...row];
      const gathered = (): tf.Tensor[] => {
        const source = tf.cast(tf.mul(normal(x, seed), 2), dtype as 'float32');
        const turned = tf.transpose(source, [1, 0, ...row.map((_, i) => i + 2)]);
        return [tf.gather(source, indices(shape)), tf.gather(turned, indices(shape), 1)];
      };
      assertClose(t, await runOn('wasm', gathered), await runOn('cpu', gathered), 0);
    }),
    { numRuns: 60, seed: 1 },
  );
});

test.serial('axes between the batch and the gathered one are kept', async (t) => {
  const gathered = (): tf.Tensor =>
    tf.gather(normal([3, 2, 4, 2], 1), tf.tensor2d([0, 3, 1, 1, 2, 0], [3, 2], 'int32'), 2, 1);
  assertClose(t, await runOn('wasm', gathered), await runOn('cpu', gathered));
});

for (const engine of ['wasm', 'cpu'] as const) {
  test.serial(`${engine} adds the gradient up where it was gathered from`, async (t) => {
    await fc.assert(
      fc.asyncProperty(cases, async (shape) => {
        const { batch, rows, row, seed } = shape;
        const of = (gather: (x: tf.Tensor) => tf.Tensor) => (): tf.Tensor =>
          tf.grad((x) => tf.sum(tf.square(gather(x))))(normal([batch, rows, ...row], seed));
        const gathered = of((x) => tf.gather(x, indices(shape), 1, 1));
        // The same through a product with one-hot rows.
        const product = of((x) => {
          const chosen = tf.cast(tf.equal(tf.expandDims(indices(shape), -1), tf.range(0, rows, 1, 'int32')), 'float32');
          return tf.matMul(chosen, tf.reshape(x, [batch, rows, -1]));
        });
        assertClose(t, await runOn(engine, gathered), await runOn('cpu', product));
      }),
      { numRuns: 25, seed: 1 },
    );
  });
}

test.serial('an index outside its axis is an error', async (t) => {
  for (const batchDims of [0, 1]) {
    const gather = (): tf.Tensor =>
      tf.gather(normal([2, 3], 1), tf.tensor2d([[0], [3]], [2, 1], 'int32'), 1, batchDims);
    const error = await t.throwsAsync(runOn('wasm', gather), { instanceOf: MillraceError, code: 'MILLRACE_SHAPE' });
    t.regex(error.message, /expected 0 to 2, found 3/);
  }
});

test.serial('a gradient that is not to be had is an error', async (t) => {
  const gradient = (): tf.Tensor =>
    tf.grad((x) => tf.gather(x, tf.tensor2d([[0], [1]], [2, 1], 'int32'), 2, 1))(normal([2, 3, 2], 1));
  await t.throwsAsync(runOn('wasm', gradient), { instanceOf: MillraceError, code: 'MILLRACE_SHAPE' });
});
