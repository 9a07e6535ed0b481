import {
  add,
  cast,
  div,
  expandDims,
  max,
  maximum,
  mul,
  serialization,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { maskOf } from './mask.ts';

type Shape = (number | null)[];

export type PoolingMethod = 'max' | 'mean' | 'sum';

export interface PoolingArgs {
  readonly name?: string;
  readonly method: PoolingMethod;
}

/** Below every state, and so far from float32's end that a state may be added. */
const BELOW_ALL = -1e30;

/**
 * The states of a sentence's words `[B, L, H]` as one vector `[B, H]`: the greatest of each unit (Conneau et al. 2017),
 * their mean or their sum. Padding takes no part; of a sentence without words it is 0.
 */
export class Pooling extends layers.Layer {
  static readonly className = 'MillracePooling';
  readonly method: PoolingMethod;

  constructor(args: PoolingArgs) {
    super({ ...args });
    this.method = args.method;
    this.supportsMasking = true;
  }

  override call(inputs: Tensor | Tensor[], kwargs: { mask?: Tensor | Tensor[] }): Tensor {
    return tidy(() => {
      const states = Array.isArray(inputs) ? inputs[0]! : inputs;
      const words = cast(maskOf(kwargs, 'Pooling'), 'float32');
      const count = expandDims(sum(words, 1), -1);
      const column = expandDims(words, -1);
      if (this.method === 'sum') return sum(mul(states, column), 1);
      if (this.method === 'mean') return div(sum(mul(states, column), 1), maximum(count, 1));
      const greatest = max(add(states, mul(sub(1, column), BELOW_ALL)), 1);
      // Of a sentence without words that is far below all, times 0.
      return mul(greatest, cast(cast(count, 'bool'), 'float32'));
    });
  }

  override computeMask(): Tensor {
    return null as unknown as Tensor;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, , size] = inputShape as [number | null, number | null, number];
    return [batch, size];
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), method: this.method };
  }
}

serialization.registerClass(Pooling);
