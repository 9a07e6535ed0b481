import { serialization, type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers } from '@tensorflow/tfjs-layers';
import { gateCounts, shiftReduce, TREE_GATES } from '../../engine/index.ts';
import { uniform, ValuesInitializer } from '../initializers.ts';
import { deriveSeed } from '../seeds.ts';
import { movesOfShape, type TreeShape } from './tree-moves.ts';

type Shape = (number | null)[];

export interface SpinnEncoderArgs {
  readonly name?: string;
  /** Size of a node's state, and of the encoding. */
  readonly units: number;
  /** `parse`: those that the moves of the sentences make. Else trees of that shape. */
  readonly trees: 'parse' | TreeShape;
  /** Size of the tracker's state, 0 for no tracker. */
  readonly trackerUnits: number;
  readonly seed: number;
}

interface Lstm {
  readonly input: LayerVariable;
  readonly hidden: LayerVariable;
  readonly bias: LayerVariable;
}

/**
 * Sentences as trees (SPINN, Bowman et al. 2016), a pair's two sentences together: from words `[2B, L, 2 * units]`, each the
 * state and the cell of a leaf, premises first, to the states of the roots `[2B, units]`.
 *
 * Its inputs are the words and, for premises and hypotheses each, their moves `[B, moves]` (0 shift, 1 reduce, below 0
 * padding), or if trees are of one shape, their lengths `[B, 1]`. These two are read when the layer is called, so they must
 * come from the processor: an input of the model does, the output of a layer on a GPU does not.
 *
 * Weights start uniform in ±1/√units, and biases at 0, but for the tracker's forget gate, which begins open at 1. The two
 * that forget a node's children begin at a half: so a cell is the mean of its children's, however high the tree.
 */
export class SpinnEncoder extends layers.Layer {
  static readonly className = 'MillraceSpinnEncoder';
  readonly units: number;
  readonly trees: SpinnEncoderArgs['trees'];
  readonly trackerUnits: number;
  readonly seed: number;
  #reduce: { readonly input: LayerVariable; readonly bias: LayerVariable } | undefined;
  #tracker: Lstm | undefined;

  constructor(args: SpinnEncoderArgs) {
    super({ ...args });
    this.units = args.units;
    this.trees = args.trees;
    this.trackerUnits = args.trackerUnits;
    this.seed = args.seed;
    this.supportsMasking = true;
  }

  override build(): void {
    const { units, trackerUnits, seed } = this;
    const random = (name: string, rows: number, columns: number, fan: number) => {
      const values = () => uniform(rows * columns, 1 / Math.sqrt(fan), deriveSeed(seed, name));
      return this.addWeight(name, [rows, columns], 'float32', new ValuesInitializer(values));
    };
    const columns = TREE_GATES * units;
    this.#reduce = {
      input: random('reduce_input', 2 * units + trackerUnits, columns, units),
      bias: this.addWeight('reduce_bias', [columns], 'float32', initializers.zeros()),
    };
    if (trackerUnits > 0) {
      const columns = gateCounts.lstm * trackerUnits;
      const bias = () => new Float32Array(columns).fill(1, trackerUnits, 2 * trackerUnits);
      this.#tracker = {
        input: random('tracker_input', 3 * units, columns, trackerUnits),
        hidden: random('tracker_hidden', trackerUnits, columns, trackerUnits),
        bias: this.addWeight('tracker_bias', [columns], 'float32', new ValuesInitializer(bias)),
      };
    }
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const [words, premise, hypothesis] = inputs as [Tensor3D, Tensor2D, Tensor2D];
    return tidy(() => {
      const { input, bias } = this.#reduce!;
      return shiftReduce({
        words,
        moves: [...this.#movesOf(premise), ...this.#movesOf(hypothesis)],
        weights: { input: input.read() as Tensor2D, bias: bias.read() as Tensor1D },
        ...(this.#tracker && {
          tracker: {
            input: this.#tracker.input.read() as Tensor2D,
            hidden: this.#tracker.hidden.read() as Tensor2D,
            bias: this.#tracker.bias.read() as Tensor1D,
          },
        }),
      });
    });
  }

  /** Of each row. */
  #movesOf(side: Tensor2D): ArrayLike<number>[] {
    const { trees } = this;
    const [rows, width] = side.shape;
    const values = side.dataSync();
    if (trees !== 'parse') return Array.from(values, (words) => movesOfShape(trees, words));
    return Array.from({ length: rows }, (_, row) => values.subarray(row * width, (row + 1) * width));
  }

  override computeMask(): Tensor {
    // TensorFlow.js takes null for no mask, and its types don't know.
    return null as unknown as Tensor;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [(inputShape as Shape[])[0]![0]!, this.units];
  }

  override getConfig(): serialization.ConfigDict {
    const { units, trees, trackerUnits, seed } = this;
    return { ...super.getConfig(), units, trees, trackerUnits, seed };
  }
}

serialization.registerClass(SpinnEncoder);
