import {
  cast,
  serialization,
  slice,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import { RNN } from '@tensorflow/tfjs-layers';
import { recurrentSequence } from '../../engine/index.ts';
import { maskOf } from './mask.ts';
import { RNNCell, type RNNCellArgs } from './rnn-cell.ts';

/**
 * Runs an {@link RNNCell} over the words of each sentence: `[B, L, E]` and the mask of its words `[B, L]` to the hidden
 * state after the last word, `[B, units]`. A masked step leaves the state as it is, so the encoding of a sentence
 * depends neither on its padding nor on the rest of its batch.
 *
 * It gives what `tf.layers.rnn({ cell })` gives, in one operation of the engine.
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
      const mask = maskOf(kwargs, 'The encoder');
      const size = words.shape[2];
      const { units, input2hidden, bias } = this.cell as RNNCell;
      return recurrentSequence({
        cell: 'relu',
        words,
        mask: cast(mask, 'bool') as Tensor2D,
        weights: {
          input: slice(input2hidden, [0, 0], [size, units]),
          hidden: slice(input2hidden, [size, 0], [units, units]),
          bias: bias as Tensor1D,
        },
        returns: 'last',
      });
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
