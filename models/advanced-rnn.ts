import { initializers, type LayersModel, layers, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { Pooling } from './layers/pooling.ts';
import { RecurrentLayer } from './layers/recurrent-layer.ts';
import { SeededDropout } from './layers/seeded-dropout.ts';
import { buildPairModel, type PairModelConfig } from './pair-model.ts';
import { deriveSeed } from './seeds.ts';

/** `rnn` is the simple cell with tanh. */
export const cells = ['lstm', 'gru', 'rnn'] as const;

/** What of the states of its words a sentence is known by. */
export const poolings = ['last', 'max', 'mean'] as const;

export interface AdvancedRnnConfig extends PairModelConfig {
  /** Default `lstm`. */
  readonly cell?: (typeof cells)[number];
  /** How many networks there are one over the other, each reading the states of the one below; default 1. */
  readonly layers?: number;
  /** Whether each is a pair, of which the second reads from the end; default false. Makes encodings twice as wide. */
  readonly bidirectional?: boolean;
  /** Default `last`: the state behind the last word, of the second of a pair that behind the first. */
  readonly pooling?: (typeof poolings)[number];
  /** Numbers that a word's vector is brought to by a learnt matrix before it is read (Bowman et al. 2016); default none. */
  readonly projection?: number;
}

/**
 * The advanced recurrent model: see {@link buildPairModel}. An encoding is `hiddenSize` wide, or twice that if
 * bidirectional; between networks `dropout` of the units is dropped.
 */
export function buildAdvancedRnn(config: AdvancedRnnConfig): LayersModel {
  return buildPairModel('advanced_rnn', config, (words) => {
    const { cell = 'lstm', layers: count = 1, bidirectional = false, pooling = 'last' } = config;
    const { hiddenSize: units, dropout = 0.2, projection, seed } = config;
    let states = projection === undefined ? words : project(words, projection, seed);
    for (let layer = 1; layer <= count; layer++) {
      if (layer > 1) {
        const name = `dropout_${layer - 1}`;
        states = apply(new SeededDropout({ name, rate: dropout, seed: deriveSeed(seed, name) }), states);
      }
      const name = `recurrent_${layer}`;
      const returns = layer === count && pooling === 'last' ? 'last' : 'states';
      const args = { name, units, bidirectional, returns, seed: deriveSeed(seed, name) } as const;
      states = apply(new RecurrentLayer({ ...args, cell: cell === 'rnn' ? 'tanh' : cell }), states);
    }
    return pooling === 'last' ? states : apply(new Pooling({ name: 'pooling', method: pooling }), states);
  });
}

function project(words: SymbolicTensor, units: number, seed: number): SymbolicTensor {
  const kernelInitializer = initializers.glorotUniform({ seed: deriveSeed(seed, 'projection') });
  return apply(layers.dense({ name: 'projection', units, kernelInitializer }), words);
}

function apply(layer: layers.Layer, input: SymbolicTensor): SymbolicTensor {
  return layer.apply(input) as SymbolicTensor;
}
