import {
  add,
  cast,
  customGrad,
  div,
  type GradSaveFunc,
  maximum,
  mul,
  reshape,
  rsqrt,
  scalar,
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
 * Batch normalisation (Ioffe and Szegedy 2015) of `[B, N]`, or of words `[B, L, N]` with their mask, without their padding: in training each column by its mean and variance over the
 * batch (algorithm 1), else by their averages over training (algorithm 2), then scaled and shifted as learnt.
 *
 * It gives what `tf.layers.batchNormalization` gives but for the averaged variance, which that one does not correct for
 * the size of the sample. That one's gradient goes through tiled copies and took a quarter of a training step on wasm;
 * this one is the closed form.
 */
export class BatchNormalization extends layers.Layer {
  static readonly className = 'MillraceBatchNormalization';

  constructor(args: { readonly name?: string } = {}) {
    super({ ...args });
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = [(inputShape as Shape).at(-1)!];
    const [zeros, ones] = [initializers.zeros(), initializers.ones()];
    this.addWeight('scale', shape, 'float32', ones);
    this.addWeight('shift', shape, 'float32', zeros);
    this.addWeight('averageMean', shape, 'float32', zeros, undefined, false);
    this.addWeight('averageVariance', shape, 'float32', ones, undefined, false);
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: boolean; mask?: Tensor | Tensor[] }): Tensor {
    const input = Array.isArray(inputs) ? inputs[0]! : inputs;
    // TensorFlow.js hands a mask on beyond the layer that ends it: only words, of three axes, have one.
    const mask = input.rank === 3 ? [kwargs.mask].flat()[0] : undefined;
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
      const rows = reshape(input, [-1, input.shape.at(-1)!]);
      const present = mask && reshape(cast(mask, 'float32'), [-1, 1]);
      const count = present ? maximum(sum(present), 1) : scalar(Math.max(1, rows.shape[0]!));
      const batchMean = div(sum(only(rows, present), 0), count);
      const centred = only(sub(rows, batchMean), present);
      const variance = div(sum(square(centred), 0), count);
      // The averages stand for the population, whose variance a sample underrates (section 3.1).
      moveTowards(averageMean, batchMean);
      moveTowards(averageVariance, mul(variance, div(count, maximum(sub(count, 1), 1))));
      const normal = normalize(
        rows,
        scale.read(),
        shift.read(),
        centred,
        rsqrt(add(variance, EPSILON)),
        count,
        present,
      );
      return reshape(normal, input.shape);
    });
  }
}

function moveTowards(average: LayerVariable, value: Tensor): void {
  average.write(add(mul(average.read(), MOMENTUM), mul(value, 1 - MOMENTUM)));
}

/** Rows that do not count become 0. */
function only(rows: Tensor, present: Tensor | undefined): Tensor {
  return present ? mul(rows, present) : rows;
}

/**
 * Scales and shifts the normalised rows; the gradient is that of section 3, gathered into closed form.
 *
 * @param count of the rows that count
 * @param present a column, 1 for those and 0 for others; absent if all do
 */
function normalize(
  rows: Tensor,
  scale: Tensor,
  shift: Tensor,
  centred: Tensor,
  inverseDeviation: Tensor,
  count: Tensor,
  present: Tensor | undefined,
): Tensor {
  const operation = customGrad((...args) => {
    const [, scale, shift, save] = args as unknown as [Tensor, Tensor, Tensor, GradSaveFunc];
    const normal = mul(centred, inverseDeviation);
    save([normal, mul(scale, inverseDeviation), count, ...(present ? [present] : [])]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [normal, factor, count, present] = saved as [Tensor, Tensor, Tensor, Tensor?];
      const counted = only(dy, present);
      const dShift = sum(counted, 0);
      const dScale = sum(mul(counted, normal), 0);
      const common = div(add(dShift, mul(normal, dScale)), count);
      return [mul(only(sub(dy, common), present), factor), dScale, dShift];
    };
    return { value: add(mul(normal, scale), shift), gradFunc: gradFunc as (dy: Tensor, saved: Tensor[]) => Tensor[] };
  });
  return operation(rows, scale, shift);
}

serialization.registerClass(BatchNormalization);
