/**
 * Gradients of `Maximum`, `Minimum` and `BatchMatMul` on every backend, where one input is stretched along an axis that
 * the other has more places on: TensorFlow.js gives the gradient of the stretched input, and then refuses it.
 */

import * as tf from '@tensorflow/tfjs-core';

const kernels = [tf.Maximum, tf.Minimum, tf.BatchMatMul];

const repairs = new WeakSet<tf.GradConfig>();

/** Adds up, in these gradients, what one element was used for. */
export function repairBroadcastGradients(): void {
  for (const kernel of kernels) {
    const original = tf.getGradient(kernel);
    if (repairs.has(original)) continue;
    const repaired: tf.GradConfig = {
      ...original,
      gradFunc: (dy, saved, attrs) => {
        const { a, b } = original.gradFunc(dy, saved, attrs) as { a: () => tf.Tensor; b: () => tf.Tensor };
        const [left, right] = saved as [tf.Tensor, tf.Tensor];
        return { a: () => sumTo(a(), left.shape), b: () => sumTo(b(), right.shape) };
      },
    };
    tf.unregisterGradient(kernel);
    tf.registerGradient(repaired);
    repairs.add(repaired);
  }
}

function sumTo(gradient: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.backend_util.getReductionAxes(shape, gradient.shape);
  return axes.length === 0 ? gradient : tf.reshape(tf.sum(gradient, axes), shape);
}
