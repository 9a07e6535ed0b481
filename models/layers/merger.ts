import { concat, mul, serialization, sub, type Tensor } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

type Shape = (number | null)[];

/**
 * Two encodings `[B, H]` to what a classifier compares them by: premise, hypothesis, difference and product,
 * `[B, 4H]` (Mou et al. 2016, equation 5; Bowman et al. 2016, section 4). In the same way it puts words `[B, L, H]`
 * beside what they are aligned with (Chen et al. 2017, equations 14 and 15).
 */
export class Merger extends layers.Layer {
  static readonly className = 'MillraceMerger';
  override supportsMasking = true;

  override call(inputs: Tensor | Tensor[]): Tensor {
    const [premise, hypothesis] = inputs as [Tensor, Tensor];
    return concat([premise, hypothesis, sub(premise, hypothesis), mul(premise, hypothesis)], -1);
  }

  override computeMask(_inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor {
    return (Array.isArray(mask) ? mask[0] : null) as Tensor;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = (inputShape as Shape[])[0]!;
    return [...shape.slice(0, -1), 4 * shape.at(-1)!];
  }
}

serialization.registerClass(Merger);
