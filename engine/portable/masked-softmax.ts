import * as tf from '@tensorflow/tfjs-core';

/** Below every logit, and finite: the difference of two of them must be a number. */
const BELOW_ALL = -1e38;

/** `maskedSoftmax` in TensorFlow.js's operations, for engines that do not run our kernels. */
export function portableMaskedSoftmax(logits: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const operation = tf.customGrad((...args) => {
    const [logits, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const admitted = tf.where(mask, logits, tf.fill(logits.shape, BELOW_ALL));
    const raised = tf.mul(tf.exp(tf.sub(admitted, tf.max(admitted, -1, true))), tf.cast(mask, 'float32'));
    const sums = tf.sum(raised, -1, true);
    // Where no place takes part, 0 is divided by 1.
    const value = tf.div(raised, tf.where(tf.equal(sums, 0), tf.onesLike(sums), sums));
    save([value]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const shares = saved[0]!;
      return tf.mul(shares, tf.sub(dy, tf.sum(tf.mul(shares, dy), -1, true)));
    };
    return { value, gradFunc: gradFunc as (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor };
  });
  return operation(logits);
}
