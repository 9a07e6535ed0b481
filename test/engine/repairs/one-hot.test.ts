import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { assertClose, runOn } from '../engines.ts';

const indices = (): tf.Tensor => tf.tensor2d([0, 2, 1, 5, -1, 4], [2, 3], 'int32');

for (const dtype of ['float32', 'int32', 'bool'] as const) {
  test.serial(`${dtype}: ones are where the indices say, and none for an index outside`, async (t) => {
    // The backend gave 1.4e-45 for 1 in float32.
    const oneHot = (): tf.Tensor => tf.oneHot(indices() as tf.Tensor1D, 5, 1, 0, dtype);
    const [found] = await runOn('wasm', oneHot);
    assertClose(t, [found!], await runOn('cpu', oneHot), 0);
    t.deepEqual(
      found!.values,
      [0, 2, 1, 5, -1, 4].flatMap((index) => [0, 1, 2, 3, 4].map((i) => (i === index ? 1 : 0))),
    );
  });
}

test.serial('other values than 1 and 0', async (t) => {
  const oneHot = (): tf.Tensor => tf.oneHot(indices() as tf.Tensor1D, 4, 0.5, -2, 'float32');
  assertClose(t, await runOn('wasm', oneHot), await runOn('cpu', oneHot), 0);
});
