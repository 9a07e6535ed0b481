/** What a step of Adam is made of. */

import type { Tensor, Variable } from '@tensorflow/tfjs-core';

/** A weight, the running means of its gradient and of the square of that, and its gradient; all of one shape. */
export interface AdamWeight {
  readonly weight: Variable;
  readonly first: Variable;
  readonly second: Variable;
  readonly gradient: Tensor;
  /**
   * Whether rows (along the first axis) whose gradient is all 0 stay as they are, their means too, as those of a table of
   * word vectors whose words are not in the batch (PyTorch's `SparseAdam`). Otherwise they go on as their means say.
   */
  readonly sparse: boolean;
}

export interface AdamStep {
  /** How many steps there were, this one included. */
  readonly step: number;
  readonly learningRate: number;
  /** What is left of each mean after a step. */
  readonly firstDecay: number;
  readonly secondDecay: number;
  readonly epsilon: number;
  /** A gradient longer than this, all weights as one vector, is shortened to it. */
  readonly maxGradientNorm: number;
}

/** The step's length, and what is added to the root of the second mean, with both means' bias towards 0 corrected. */
export function corrected({ step, learningRate, firstDecay, secondDecay, epsilon }: AdamStep) {
  const correction = Math.sqrt(1 - secondDecay ** step);
  return { rate: (learningRate * correction) / (1 - firstDecay ** step), epsilon: epsilon * correction };
}
