import {
  cast,
  expandDims,
  gather,
  mul,
  notEqual,
  oneHot,
  serialization,
  type Tensor,
  type Tensor1D,
} from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { uniform, ValuesInitializer } from '../initializers.ts';

type Shape = (number | null)[];

export interface WordEmbeddingArgs {
  readonly name?: string;
  /** Number of words, `<pad>` (0) and `<unk>` (1) among them. */
  readonly vocabularySize: number;
  /** Numbers for each word, or `one-hot`: a vector as wide as the vocabulary, and nothing to learn. */
  readonly embeddingSize: number | 'one-hot';
  /** Of the uniform numbers in -0.05 .. 0.05 that it starts from. */
  readonly seed: number;
  /** Whether training moves the vectors, default true. */
  readonly trainable?: boolean;
}

/**
 * Word ids `[B, L]` to vectors `[B, L, E]`. Padding (id 0) becomes zeros, moves no weight, and is the mask that the
 * next layer gets. Vectors from elsewhere go in with `setWeights([matrix])`.
 */
export class WordEmbedding extends layers.Layer {
  static readonly className = 'MillraceWordEmbedding';
  readonly vocabularySize: number;
  readonly embeddingSize: number | 'one-hot';
  readonly seed: number;

  constructor(args: WordEmbeddingArgs) {
    super({ ...args });
    this.vocabularySize = args.vocabularySize;
    this.embeddingSize = args.embeddingSize;
    this.seed = args.seed;
    this.supportsMasking = true;
  }

  override build(): void {
    if (this.embeddingSize !== 'one-hot') {
      const initializer = new ValuesInitializer(([rows, columns]) => uniform(rows! * columns!, 0.05, this.seed));
      this.addWeight('vectors', [this.vocabularySize, this.embeddingSize], 'float32', initializer);
    }
    this.built = true;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    // Between layers TensorFlow.js makes every tensor float32, which holds each id exactly up to 2^24.
    const ids = cast(first(inputs), 'int32');
    const words = cast(expandDims(notEqual(ids, 0), -1), 'float32');
    if (this.embeddingSize === 'one-hot') {
      return mul(oneHot(ids as Tensor1D, this.vocabularySize, 1, 0, 'float32'), words);
    }
    return mul(gather(this.weights[0]!.read(), ids), words);
  }

  override computeMask(inputs: Tensor | Tensor[]): Tensor {
    return notEqual(first(inputs), 0);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as Shape;
    return [...shape, this.embeddingSize === 'one-hot' ? this.vocabularySize : this.embeddingSize];
  }

  override getConfig(): serialization.ConfigDict {
    const { vocabularySize, embeddingSize, seed } = this;
    return { ...super.getConfig(), vocabularySize, embeddingSize, seed };
  }
}

function first(inputs: Tensor | Tensor[]): Tensor {
  return Array.isArray(inputs) ? inputs[0]! : inputs;
}

serialization.registerClass(WordEmbedding);
