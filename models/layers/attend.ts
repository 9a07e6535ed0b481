import { matMul, serialization, type Tensor } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

type Shape = (number | null)[];

/**
 * Weights `[B, R, L]` and vectors `[B, L, D]` to the weighted sums `[B, R, D]`: `M = A H` of Lin et al. 2017 (equation
 * 7), and the words of the other sentence that a word is aligned with. Its mask is that of the weights' rows.
 */
export class Attend extends layers.Layer {
  static readonly className = 'MillraceAttend';
  override supportsMasking = true;

  override call(inputs: Tensor | Tensor[]): Tensor {
    const [weights, vectors] = inputs as [Tensor, Tensor];
    return matMul(weights, vectors);
  }

  override computeMask(_inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor {
    return (Array.isArray(mask) ? mask[0] : null) as Tensor;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [[batch, rows], vectors] = inputShape as [Shape, Shape];
    return [batch!, rows!, vectors.at(-1)!];
  }
}

serialization.registerClass(Attend);
