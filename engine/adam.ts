/**
 * A step of Adam (Kingma and Ba 2015, in the order of their section 2's end) with the gradient clipped by its global norm
 * (Pascanu, Mikolov and Bengio 2013).
 */

import { backend, type Scalar } from '@tensorflow/tfjs-core';
import type { AdamStep, AdamWeight } from './adam-step.ts';
import { fusedAdam } from './kernels/adam.ts';
import { kernelsOf } from './kernels/kernels.ts';
import { portableAdam } from './portable/adam.ts';

/**
 * Moves the weights and their means.
 *
 * @returns the norm of the gradient before it was clipped
 */
export function adamStep(weights: readonly AdamWeight[], step: AdamStep): Scalar {
  const kernels = kernelsOf(backend());
  return kernels ? fusedAdam(kernels, weights, step) : portableAdam(weights, step);
}
