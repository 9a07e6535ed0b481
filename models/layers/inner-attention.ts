import {
  broadcastTo,
  cast,
  expandDims,
  matMul,
  reshape,
  serialization,
  type Tensor,
  type Tensor2D,
  tanh,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { maskedSoftmax } from '../../engine/index.ts';
import { glorotUniform, ValuesInitializer } from '../initializers.ts';
import { deriveSeed } from '../seeds.ts';
import { maskOf } from './mask.ts';

type Shape = (number | null)[];

export interface InnerAttentionArgs {
  readonly name?: string;
  /** Size of the hidden layer that looks at a word's state, `d_a` of the paper. */
  readonly units: number;
  /** How many times a sentence is looked at, each with an attention of its own: `r` of the paper. */
  readonly views: number;
  readonly seed: number;
}

/**
 * Where several views of a sentence look: its states `[B, L, D]` with their mask to weights `[B, views, L]`, each row a
 * softmax over the sentence's words; `A = softmax(W2 tanh(W1 Hᵀ))` (Lin et al. 2017, equation 6). Padding gets 0.
 *
 * The paper's penalty for views that look at the same words is left out.
 */
export class InnerAttention extends layers.Layer {
  static readonly className = 'MillraceInnerAttention';
  readonly units: number;
  readonly views: number;
  readonly seed: number;

  constructor(args: InnerAttentionArgs) {
    super({ ...args });
    this.units = args.units;
    this.views = args.views;
    this.seed = args.seed;
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    const size = (inputShape as Shape).at(-1)!;
    const add = (name: string, rows: number, columns: number) => {
      const values = () => glorotUniform(rows, columns, deriveSeed(this.seed, name));
      this.addWeight(name, [rows, columns], 'float32', new ValuesInitializer(values));
    };
    add('hidden', size, this.units);
    add('views', this.units, this.views);
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[], kwargs: { mask?: Tensor | Tensor[] }): Tensor {
    return tidy(() => {
      const states = Array.isArray(inputs) ? inputs[0]! : inputs;
      const words = expandDims(cast(maskOf(kwargs, 'Inner attention'), 'float32'), 1);
      const [hidden, views] = this.weights.map((weight) => weight.read()) as [Tensor2D, Tensor2D];
      const [batch, length, size] = states.shape as [number, number, number];
      const seen = tanh(matMul(reshape(states, [batch * length, size]), hidden));
      const scores = reshape(matMul(seen, views), [batch, length, this.views]);
      return maskedSoftmax(transpose(scores, [0, 2, 1]), cast(broadcastTo(words, [batch, this.views, length]), 'bool'));
    });
  }

  override computeMask(): Tensor {
    return null as unknown as Tensor;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, length] = inputShape as Shape;
    return [batch!, this.views, length!];
  }

  override getConfig(): serialization.ConfigDict {
    const { units, views, seed } = this;
    return { ...super.getConfig(), units, views, seed };
  }
}

serialization.registerClass(InnerAttention);
