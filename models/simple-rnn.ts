import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { RNNEncoder } from './layers/rnn-encoder.ts';
import { buildPairModel, type PairModelConfig } from './pair-model.ts';
import { deriveSeed } from './seeds.ts';

/** The simple recurrent model: see {@link buildPairModel}; an encoding is the hidden state behind the last word. */
export function buildSimpleRnn(config: PairModelConfig): LayersModel {
  const { hiddenSize, seed } = config;
  const encoder = new RNNEncoder({ name: 'encoder', units: hiddenSize, seed: deriveSeed(seed, 'encoder') });
  return buildPairModel('simple_rnn', config, (words) => encoder.apply(words) as SymbolicTensor);
}
