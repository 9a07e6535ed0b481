import {
  cast,
  concat,
  serialization,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import { type LayerVariable, layers } from '@tensorflow/tfjs-layers';
import { gateCounts, type RecurrentCell, type Returns, recurrentSequence } from '../../engine/index.ts';
import { uniform, ValuesInitializer } from '../initializers.ts';
import { deriveSeed } from '../seeds.ts';
import { maskOf } from './mask.ts';

type Shape = (number | null)[];

export interface RecurrentLayerArgs {
  readonly name?: string;
  readonly cell: RecurrentCell;
  /** Size of the hidden state of each direction. */
  readonly units: number;
  /** A second network reads each sentence from its end, and its states stand behind the first one's; default false. */
  readonly bidirectional?: boolean;
  /** The last state of each direction `[B, units]`, or all states `[B, L, units]`. Twice as wide if bidirectional. */
  readonly returns: Returns;
  readonly seed: number;
}

/** The weights of one direction. */
interface Direction {
  readonly input: LayerVariable;
  readonly hidden: LayerVariable;
  readonly bias: LayerVariable;
  readonly hiddenBias?: LayerVariable;
}

/**
 * A recurrent network over the words of each sentence, `[B, L, E]` with their mask `[B, L]`: the simple cell (Elman 1990),
 * LSTM (Hochreiter and Schmidhuber 1997) or GRU (Cho et al. 2014), read in one direction or both (Schuster and Paliwal
 * 1997). Padding changes nothing, in either direction.
 *
 * Weights start as PyTorch's do, uniform in ±1/√units, and biases at 0, but for the LSTM's forget gate, which begins open
 * at 1 (Jozefowicz, Zaremba and Sutskever 2015).
 */
export class RecurrentLayer extends layers.Layer {
  static readonly className = 'MillraceRecurrentLayer';
  readonly cell: RecurrentCell;
  readonly units: number;
  readonly bidirectional: boolean;
  readonly returns: Returns;
  readonly seed: number;
  #directions: Direction[] = [];

  constructor(args: RecurrentLayerArgs) {
    super({ ...args });
    this.cell = args.cell;
    this.units = args.units;
    this.bidirectional = args.bidirectional ?? false;
    this.returns = args.returns;
    this.seed = args.seed;
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    const size = (inputShape as Shape).at(-1)!;
    const names = this.bidirectional ? ['forward', 'backward'] : ['forward'];
    this.#directions = names.map((name) => this.#addDirection(name, size));
    this.built = true;
  }

  #addDirection(direction: string, size: number): Direction {
    const { units, cell, seed } = this;
    const columns = gateCounts[cell] * units;
    const add = (name: string, shape: number[], values: () => Float32Array) =>
      this.addWeight(`${direction}_${name}`, shape, 'float32', new ValuesInitializer(values));
    const random = (name: string, rows: number) => () =>
      uniform(rows * columns, 1 / Math.sqrt(units), deriveSeed(seed, `${direction}/${name}`));
    return {
      input: add('input', [size, columns], random('input', size)),
      hidden: add('hidden', [units, columns], random('hidden', units)),
      bias: add('bias', [columns], () => {
        const values = new Float32Array(columns);
        return cell === 'lstm' ? values.fill(1, units, 2 * units) : values;
      }),
      ...(cell === 'gru' && { hiddenBias: add('hidden_bias', [columns], () => new Float32Array(columns)) }),
    };
  }

  override call(inputs: Tensor | Tensor[], kwargs: { mask?: Tensor | Tensor[] }): Tensor {
    return tidy(() => {
      const words = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor3D;
      const mask = maskOf(kwargs, 'The recurrent layer');
      const states = this.#directions.map(({ input, hidden, bias, hiddenBias }, index) =>
        recurrentSequence({
          cell: this.cell,
          words,
          mask: cast(mask, 'bool') as Tensor2D,
          weights: {
            input: input.read() as Tensor2D,
            hidden: hidden.read() as Tensor2D,
            bias: bias.read() as Tensor1D,
            ...(hiddenBias && { hiddenBias: hiddenBias.read() as Tensor1D }),
          },
          returns: this.returns,
          reverse: index === 1,
        }),
      );
      return states.length === 1 ? states[0]! : concat(states as Tensor[], -1);
    });
  }

  override computeMask(_inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor {
    // TensorFlow.js takes null for no mask, and its types don't know.
    return (this.returns === 'states' && mask ? mask : null) as Tensor;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [batch, length] = inputShape as [number | null, number | null];
    const width = this.units * (this.bidirectional ? 2 : 1);
    return this.returns === 'last' ? [batch, width] : [batch, length, width];
  }

  override getConfig(): serialization.ConfigDict {
    const { cell, units, bidirectional, returns, seed } = this;
    return { ...super.getConfig(), cell, units, bidirectional, returns, seed };
  }
}

serialization.registerClass(RecurrentLayer);
