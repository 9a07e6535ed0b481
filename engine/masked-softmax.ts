/** Softmax over those places of a row that there are: attention to words, and not to padding. */

import { backend, type Tensor, util } from '@tensorflow/tfjs-core';
import { MillraceError } from '../pipeline/errors.ts';
import { kernelsOf } from './kernels/kernels.ts';
import { fusedMaskedSoftmax } from './kernels/masked-softmax.ts';
import { portableMaskedSoftmax } from './portable/masked-softmax.ts';

/**
 * Softmax over the last axis among the places that the mask lets through. Elsewhere it is 0, and what stands there is
 * never looked at; a row that has no such place is 0 throughout, and so is its gradient.
 *
 * @param logits float32 `[..., n]`
 * @param mask bool, of the same shape. It has no gradient
 * @throws MillraceError `MILLRACE_SHAPE` when the two do not fit one another
 */
export function maskedSoftmax<T extends Tensor>(logits: T, mask: Tensor): T {
  if (logits.dtype !== 'float32' || mask.dtype !== 'bool' || !util.arraysEqual(logits.shape, mask.shape)) {
    throw new MillraceError('MILLRACE_SHAPE', 'The logits and the mask of a softmax do not fit one another', {
      expected: 'float32 and bool of one shape',
      found: `${logits.dtype} [${logits.shape}] and ${mask.dtype} [${mask.shape}]`,
    });
  }
  const kernels = kernelsOf(backend());
  return (kernels ? fusedMaskedSoftmax(kernels, logits, mask) : portableMaskedSoftmax(logits, mask)) as T;
}
