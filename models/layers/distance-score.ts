import { add, mul, serialization, sqrt, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { ValuesInitializer } from '../initializers.ts';

type Shape = (number | null)[];

/** Added under the root: at distance 0 (two equal sentences) the root alone has no gradient. */
const SMALLEST_SQUARE = 1e-8;

export interface DistanceScoreArgs {
  readonly name?: string;
  /** The score of a pair at distance 0 before any training; at distance 2 it is the negative of this. */
  readonly start: number;
}

/**
 * Two encodings `[B, H]` to a score `[B, 1]` that falls with their distance: `slope * ||p - h|| + offset`, both learnt,
 * from a negative slope.
 */
export class DistanceScore extends layers.Layer {
  static readonly className = 'MillraceDistanceScore';
  readonly start: number;

  constructor(args: DistanceScoreArgs) {
    super({ ...args });
    this.start = args.start;
  }

  override build(): void {
    this.addWeight('slope', [1], 'float32', new ValuesInitializer(() => Float32Array.of(-this.start)));
    this.addWeight('offset', [1], 'float32', new ValuesInitializer(() => Float32Array.of(this.start)));
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const [premise, hypothesis] = inputs as [Tensor, Tensor];
    const [slope, offset] = this.weights.map((weight) => weight.read()) as [Tensor, Tensor];
    const distance = sqrt(add(sum(square(sub(premise, hypothesis)), 1, true), SMALLEST_SQUARE));
    return add(mul(distance, slope), offset);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [(inputShape as Shape[])[0]![0]!, 1];
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), start: this.start };
  }
}

serialization.registerClass(DistanceScore);
