import { add, concat, matMul, relu, serialization, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { initializers, layers } from '@tensorflow/tfjs-layers';
import { glorotUniform, orthogonal, ValuesInitializer } from '../initializers.ts';
import { deriveSeed } from '../seeds.ts';

type Shape = (number | null)[];

export interface RNNCellArgs {
  readonly name?: string;
  /** Size of the hidden state. */
  readonly units: number;
  readonly seed: number;
}

/**
 * One step of the simple recurrent network (Elman 1990) with ReLU: `h' = relu([x, h] · input2hidden + bias)`.
 *
 * A cell of TensorFlow.js, so that `tf.layers.rnn({ cell })` runs it too. The rows of `input2hidden` that meet the
 * input start from Glorot's uniform numbers, those that meet the hidden state from a random orthogonal matrix, which
 * keeps the length of what it carries: a ReLU recurrence neither fades nor explodes (Le, Jaitly and Hinton 2015).
 */
export class RNNCell extends layers.RNNCell {
  static readonly className = 'MillraceRNNCell';
  readonly units: number;
  readonly seed: number;
  readonly stateSize: number;

  constructor(args: RNNCellArgs) {
    super({ ...args });
    this.units = args.units;
    this.seed = args.seed;
    this.stateSize = args.units;
  }

  override build(inputShape: Shape | Shape[]): void {
    const inputSize = (inputShape as Shape).at(-1)!;
    const { units, seed } = this;
    const kernel = new ValuesInitializer(() => {
      const values = new Float32Array((inputSize + units) * units);
      values.set(glorotUniform(inputSize, units, deriveSeed(seed, 'input')));
      values.set(orthogonal(units, deriveSeed(seed, 'hidden')), inputSize * units);
      return values;
    });
    this.addWeight('input2hidden', [inputSize + units, units], 'float32', kernel);
    this.addWeight('bias', [units], 'float32', initializers.zeros());
    this.built = true;
  }

  /** `[input + units, units]` */
  get input2hidden(): Tensor2D {
    return this.weights[0]!.read() as Tensor2D;
  }

  /** `[units]` */
  get bias(): Tensor {
    return this.weights[1]!.read();
  }

  override call(inputs: Tensor | Tensor[]): Tensor[] {
    const [input, hidden] = inputs as [Tensor2D, Tensor2D];
    const next = tidy(() => relu(add(matMul(concat([input, hidden], 1), this.input2hidden), this.bias)));
    return [next, next];
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), units: this.units, seed: this.seed };
  }
}

serialization.registerClass(RNNCell);
