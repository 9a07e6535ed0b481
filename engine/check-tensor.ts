import { type Tensor, util } from '@tensorflow/tfjs-core';
import { MillraceError } from '../pipeline/errors.ts';

/**
 * Refuses a tensor of another shape or type.
 *
 * @param whose as in "a recurrent network"
 * @param name of the tensor, as its caller calls it
 * @throws MillraceError `MILLRACE_SHAPE`
 */
export function checkTensor(whose: string, name: string, tensor: Tensor, shape: number[], dtype = 'float32'): void {
  if (tensor.dtype === dtype && util.arraysEqual(tensor.shape, shape)) return;
  throw new MillraceError('MILLRACE_SHAPE', `The ${name} of ${whose} do not fit it`, {
    expected: `${dtype} [${shape}]`,
    found: `${tensor.dtype} [${tensor.shape}]`,
  });
}
