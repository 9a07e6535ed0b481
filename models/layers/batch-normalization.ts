import {
  add,
  customGrad,
  type GradSaveFunc,
  mean,
  mul,
  rsqrt,
  serialization,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers } from '@tensorflow/tfjs-layers';

type Shape = (number | null)[];

/** Added to the variance, so that a constant column is no division by 0. */
const EPSILON = 1e-5;

/** What the averages keep of themselves in a step. A small corpus has too few steps for the usual 0.99 to arrive. */
const MOMENTUM = 0.9;

/**
 * Batch normalisation (Ioffe and Szegedy 2015) of `[B, N]`: in training each column by its mean and variance over the
 * batch (algorithm 1), else by their averages over training (algorithm 2), then scaled and shifted as learnt.
 *
 * It gives what `tf.layers.batchNormalization` gives but for the averaged variance, which that one does not correct for
 * the size of the sample. That one's gradient goes through tiled copies and took a quarter of a training step on wasm;
 * this one is the closed form.
 */
export class BatchNormalization extends layers.Layer {
  static readonly className = 'MillraceBatchNormalization';

  override build(inputShape: Shape | Shape[]): void {
    const shape = [(inputShape as Shape).at(-1)!];
    const [zeros, ones] = [initializers.zeros(), initializers.ones()];
    this.addWeight('scale', shape, 'float32', ones);
    this.addWeight('shift', shape, 'float32', zeros);
    this.addWeight('averageMean', shape, 'float32', zeros, undefined, false);
    this.addWeight('averageVariance', shape, 'float32', ones, undefined, false);
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: boolean }): Tensor {
    const input = Array.isArray(inputs) ? inputs[0]! : inputs;
    const weights = [...this.trainableWeights, ...this.nonTrainableWeights];
    const [scale, shift, averageMean, averageVariance] = weights as [
      LayerVariable,
      LayerVariable,
      LayerVariable,
      LayerVariable,
    ];
    return tidy(() => {
      if (!kwargs.training) {
        const factor = mul(scale.read(), rsqrt(add(averageVariance.read(), EPSILON)));
        return add(mul(sub(input, averageMean.read()), factor), shift.read());
      }
      const batchMean = mean(input, 0);
      const centred = sub(input, batchMean);
      const variance = mean(square(centred), 0);
      const rows = input.shape[0]!;
      // The averages stand for the population, whose variance a sample underrates (section 3.1).
      moveTowards(averageMean, batchMean);
      moveTowards(averageVariance, mul(variance, rows / Math.max(1, rows - 1)));
      return normalize(input, scale.read(), shift.read(), centred, rsqrt(add(variance, EPSILON)));
    });
  }
}

function moveTowards(average: LayerVariable, value: Tensor): void {
  average.write(add(mul(average.read(), MOMENTUM), mul(value, 1 - MOMENTUM)));
}

/** Scales and shifts the normalised input; the gradient is that of section 3, gathered into closed form. */
function normalize(input: Tensor, scale: Tensor, shift: Tensor, centred: Tensor, inverseDeviation: Tensor): Tensor {
  const operation = customGrad((...args) => {
    const [, scale, shift, save] = args as unknown as [Tensor, Tensor, Tensor, GradSaveFunc];
    const normal = mul(centred, inverseDeviation);
    save([normal, mul(scale, inverseDeviation)]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [normal, factor] = saved as [Tensor, Tensor];
      const rows = dy.shape[0]!;
      const dShift = sum(dy, 0);
      const dScale = sum(mul(dy, normal), 0);
      const common = mul(add(dShift, mul(normal, dScale)), 1 / rows);
      return [mul(sub(dy, common), factor), dScale, dShift];
    };
    return { value: add(mul(normal, scale), shift), gradFunc: gradFunc as (dy: Tensor, saved: Tensor[]) => Tensor[] };
  });
  return operation(input, scale, shift);
}

serialization.registerClass(BatchNormalization);
