import type { Tensor } from '@tensorflow/tfjs-core';
import { MillraceError } from '../../pipeline/errors.ts';

/**
 * Where the words of a layer's input are, as TensorFlow.js hands it over: of several inputs, those of the first.
 *
 * @param layer what it is called in the error
 * @throws MillraceError `MILLRACE_SHAPE` when the input has no mask
 */
export function maskOf({ mask }: { mask?: Tensor | Tensor[] }, layer: string): Tensor {
  const first = Array.isArray(mask) ? mask[0] : mask;
  if (first) return first;
  throw new MillraceError('MILLRACE_SHAPE', `${layer} got words without a mask`, {
    hint: 'Put a layer with a mask before it, such as WordEmbedding or a RecurrentLayer that returns states',
  });
}
