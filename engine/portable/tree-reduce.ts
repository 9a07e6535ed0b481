import * as tf from '@tensorflow/tfjs-core';
import { TREE_GATES, type TreeReduce } from '../tree.ts';

type Five = [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];

/** `treeReduce` in TensorFlow.js's operations, for engines that do not run our kernels; the gradient is the tape's. */
export function portableTreeReduce({ left, right, tracking, weights }: TreeReduce): tf.Tensor2D {
  return tf.tidy(() => {
    const [leftState, leftCell] = tf.split(left, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    const [rightState, rightCell] = tf.split(right, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
    const inputs = tf.concat2d([leftState, rightState, ...(tracking ? [tracking] : [])], 1);
    const sums = tf.add(tf.matMul(inputs, weights.input), weights.bias);
    const [i, l, r, o, g] = tf.split(sums, TREE_GATES, 1) as Five;
    const cell = tf.addN([
      tf.mul(tf.sigmoid(i), tf.tanh(g)),
      tf.mul(tf.sigmoid(l), leftCell),
      tf.mul(tf.sigmoid(r), rightCell),
    ]) as tf.Tensor2D;
    return tf.concat2d([tf.mul(tf.sigmoid(o), tf.tanh(cell)) as tf.Tensor2D, cell], 1);
  });
}
