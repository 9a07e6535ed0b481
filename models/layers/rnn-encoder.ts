import {
  add,
  cast,
  matMul,
  mul,
  reshape,
  serialization,
  slice,
  sub,
  type Tensor,
  type Tensor3D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { RNN } from '@tensorflow/tfjs-layers';
import { MillraceError } from '../../pipeline/errors.ts';
import { reluRecurrence } from './relu-recurrence.ts';
import { RNNCell, type RNNCellArgs } from './rnn-cell.ts';

/** Lowest number of float32 that leaves room for a sum: what the recurrence adds cannot lift it above 0. */
const SILENCE = -1e38;

/**
 * Runs an {@link RNNCell} over the words of each sentence: `[B, L, E]` and the mask of its words `[B, L]` to the hidden
 * state after the last word, `[B, units]`. A masked step leaves the state as it is, so the encoding of a sentence
 * depends neither on its padding nor on the rest of its batch.
 *
 * It gives what `tf.layers.rnn({ cell })` gives, with fewer operations (for 14 words 203 kernels forward and back,
 * against 724): the input's share of all steps is one product, and the recurrence has a backward pass of its own.
 *
 * Every encoder has this form (embedded words and their mask in, one vector a sentence out), the recurrent layers of
 * TensorFlow.js too, so that one can stand in another's place.
 */
export class RNNEncoder extends RNN {
  static override readonly className = 'MillraceRNNEncoder';

  constructor(args: RNNCellArgs) {
    const { units, seed, ...layerArgs } = args;
    super({ ...layerArgs, cell: new RNNCell({ name: 'cell', units, seed }) });
  }

  override call(inputs: Tensor | Tensor[], kwargs: { mask?: Tensor }): Tensor {
    return tidy(() => {
      const words = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor3D;
      if (!kwargs.mask) {
        throw new MillraceError('MILLRACE_SHAPE', 'The encoder got words without a mask', {
          hint: 'Put a layer with a mask before it, such as WordEmbedding',
        });
      }
      const [batch, length, size] = words.shape;
      const cell = this.cell as RNNCell;
      const { units, input2hidden } = cell;
      // Time comes first from here on, so that a step is a block of memory.
      const mask = reshape(transpose(cast(kwargs.mask, 'float32')), [length, batch, 1]) as Tensor3D;
      const padding = sub(1, mask) as Tensor3D;
      const columns = reshape(transpose(words, [1, 0, 2]), [length * batch, size]);
      const projected = add(matMul(columns, slice(input2hidden, [0, 0], [size, units])), cell.bias);
      const silenced = add(reshape(projected, [length, batch, units]), mul(padding, SILENCE));
      return reluRecurrence(silenced as Tensor3D, slice(input2hidden, [size, 0], [units, units]), padding);
    });
  }

  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    return new cls(config);
  }
}

serialization.registerClass(RNNEncoder);
