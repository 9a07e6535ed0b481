import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { runOn } from '../engines.ts';

test.serial('a number is true unless it is 0', async (t) => {
  // The backend gave 0, 0, 0, 0, 1, 3, 0, 0 for the first of these.
  const cast = (): tf.Tensor[] => [
    tf.cast(tf.tensor1d([0, 0.5, -0.5, 256, 1, 3, NaN, 1e-9]), 'bool'),
    tf.cast(
      tf.tensor2d(
        [
          [0, 256],
          [-1, 3],
        ],
        [2, 2],
        'int32',
      ),
      'bool',
    ),
    tf.cast(tf.tensor1d([true, false], 'bool'), 'bool'),
  ];
  const expected = [
    { values: [0, 1, 1, 1, 1, 1, 1, 1], shape: [8], dtype: 'bool' },
    { values: [0, 1, 1, 1], shape: [2, 2], dtype: 'bool' },
    { values: [1, 0], shape: [2], dtype: 'bool' },
  ];
  t.deepEqual(await runOn('wasm', cast), expected);
  t.deepEqual(await runOn('cpu', cast), expected);
});

test.serial('other casts are as they were', async (t) => {
  const cast = (): tf.Tensor[] => [
    tf.cast(tf.tensor1d([0.5, -1.5, 7]), 'int32'),
    tf.cast(tf.tensor1d([true, false], 'bool'), 'float32'),
    tf.cast(tf.tensor1d([3, -4], 'int32'), 'float32'),
  ];
  t.deepEqual(await runOn('wasm', cast), await runOn('cpu', cast));
});
