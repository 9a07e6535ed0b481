import { concat, mul, serialization, sub, type Tensor } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

type Shape = (number | null)[];

/**
 * Two encodings `[B, H]` to what a classifier compares them by: premise, hypothesis, difference and product,
 * `[B, 4H]` (Mou et al. 2016, equation 5; Bowman et al. 2016, section 4).
 */
export class Merger extends layers.Layer {
  static readonly className = 'MillraceMerger';

  override call(inputs: Tensor | Tensor[]): Tensor {
    const [premise, hypothesis] = inputs as [Tensor, Tensor];
    return concat([premise, hypothesis, sub(premise, hypothesis), mul(premise, hypothesis)], 1);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, size] = (inputShape as Shape[])[0]! as [number | null, number];
    return [batch, 4 * size];
  }
}

serialization.registerClass(Merger);
