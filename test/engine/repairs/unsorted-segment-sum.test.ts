import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { startEngine } from '../../../engine/index.ts';
import { assertClose, normal, runOn } from '../engines.ts';

const SEGMENTS = 6;

const cases = fc.record({
  // Ids on both sides of what is a segment: those rows are dropped.
  ids: fc.array(fc.integer({ min: -2, max: SEGMENTS + 1 }), { minLength: 1, maxLength: 15 }),
  row: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
  seed: fc.nat(),
});

/** The definition, one product of the whole input with a one-hot row for each segment, which needs none of the repairs. */
function oracle(x: tf.Tensor, ids: number[]): tf.Tensor {
  const width = x.size / ids.length;
  const chosen = tf.tensor2d(
    Array.from({ length: SEGMENTS }, (_, segment) => ids.map((id) => Number(id === segment))),
    [SEGMENTS, ids.length],
  );
  return tf.reshape(tf.matMul(chosen, tf.reshape(x, [ids.length, width])), [SEGMENTS, ...x.shape.slice(1)]);
}

for (const engine of ['wasm', 'cpu'] as const) {
  test.serial(`${engine} adds rows by segment`, async (t) => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ ids, row, seed }) => {
        const input = (): tf.Tensor => normal([ids.length, ...row], seed);
        const actual = await runOn(engine, () => tf.unsortedSegmentSum(input(), tf.tensor1d(ids, 'int32'), SEGMENTS));
        assertClose(t, actual, await runOn('cpu', () => oracle(input(), ids)));
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  test.serial(`${engine} keeps integers, and knows empty segments`, async (t) => {
    const sum = (): tf.Tensor =>
      tf.unsortedSegmentSum(tf.tensor1d([5, 7, 9], 'int32'), tf.tensor1d([3, 0, 3], 'int32'), 5);
    t.deepEqual(await runOn(engine, sum), [{ values: [7, 0, 0, 14, 0], shape: [5], dtype: 'int32' }]);
  });

  test.serial(`${engine} trains an embedding: the gradient of gather adds up repeated words`, async (t) => {
    const gradient = (): tf.Tensor =>
      tf.grad((table) => tf.mul(tf.gather(table, tf.tensor2d([0, 2, 2, 1], [2, 2], 'int32')), normal([2, 2, 3], 7)))(
        tf.zeros([4, 3]),
      );
    const weights = (await runOn('cpu', () => normal([2, 2, 3], 7)))[0]!.values;
    const [a, b, c, d] = [0, 3, 6, 9].map((at) => weights.slice(at, at + 3));
    const expected = [...a!, ...d!, ...b!.map((value, i) => value + c![i]!), 0, 0, 0];
    assertClose(t, await runOn(engine, gradient), [{ values: expected, shape: [4, 3], dtype: 'float32' }]);
  });
}

test.serial('cpu does the sum of a large vocabulary in one pass', async (t) => {
  // One masked product for each segment, as the backend had it, is 10^10 steps here: minutes, and the test's time-out.
  await startEngine('cpu');
  const [rows, width, segments] = [2_000, 50, 100_000];
  const total = tf.tidy(() => {
    const ids = tf.range(0, rows, 1, 'int32') as tf.Tensor1D;
    return tf.sum(tf.unsortedSegmentSum(tf.ones([rows, width]), ids, segments)).dataSync()[0];
  });
  t.is(total, rows * width);
});
