import { broadcastTo, cast, expandDims, matMul, serialization, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { maskedSoftmax } from '../../engine/index.ts';
import { maskOf } from './mask.ts';
import { exchange } from './pairs.ts';

type Shape = (number | null)[];

/**
 * Where each word of a sentence looks in the other sentence of its pair: vectors `[2B, L, D]` of premises and then
 * hypotheses, with their mask, to weights `[2B, L, L]`. A row is a softmax over the other sentence's words of
 * `e_ij = a_i · b_j` (Parikh et al. 2016, equations 1 and 2; Chen et al. 2017, equations 11 to 13). The other's padding
 * gets 0; rows of padding are as of any vector, and under the mask.
 */
export class CrossAttention extends layers.Layer {
  static readonly className = 'MillraceCrossAttention';
  override supportsMasking = true;

  override call(inputs: Tensor | Tensor[], kwargs: { mask?: Tensor | Tensor[] }): Tensor {
    return tidy(() => {
      const own = Array.isArray(inputs) ? inputs[0]! : inputs;
      const words = exchange(cast(maskOf(kwargs, 'Cross attention'), 'float32'));
      const scores = matMul(own, exchange(own), false, true);
      return maskedSoftmax(scores, cast(broadcastTo(expandDims(words, 1), scores.shape), 'bool'));
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, length] = inputShape as Shape;
    return [batch!, length!, length!];
  }
}

serialization.registerClass(CrossAttention);
