/**
 * A step of Adam (Kingma and Ba 2015, in the order of their section 2's end) with the gradient clipped by its global norm
 * (Pascanu, Mikolov and Bengio 2013).
 */

import { backend, type Scalar, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { fusedAdam } from './kernels/adam.ts';
import { kernelsOf } from './kernels/kernels.ts';
import { portableAdam } from './portable/adam.ts';

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

/**
 * Moves the weights and their means.
 *
 * @returns the norm of the gradient before it was clipped
 */
export function adamStep(weights: readonly AdamWeight[], step: AdamStep): Scalar {
  const kernels = kernelsOf(backend());
  return kernels ? fusedAdam(kernels, weights, step) : portableAdam(weights, step);
}

/** The step's length, and what is added to the root of the second mean, with both means' bias towards 0 corrected. */
export function corrected({ step, learningRate, firstDecay, secondDecay, epsilon }: AdamStep) {
  const correction = Math.sqrt(1 - secondDecay ** step);
  return { rate: (learningRate * correction) / (1 - firstDecay ** step), epsilon: epsilon * correction };
}
