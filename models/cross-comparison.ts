/** Models that compare two sentences word by word, before either is made one vector. */

import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { LABELS } from '../stages/records.ts';
import { beside, dropout, linear, through } from './blocks.ts';
import { Attend } from './layers/attend.ts';
import { CrossAttention } from './layers/cross-attention.ts';
import { Merger } from './layers/merger.ts';
import { SplitPair, SwapPair } from './layers/pairs.ts';
import { Pooling, type PoolingMethod } from './layers/pooling.ts';
import type { PairModelConfig } from './pair-model.ts';

type Config = Pick<PairModelConfig, 'hiddenSize' | 'dropout' | 'seed'>;

/**
 * Decomposable attention (Parikh et al. 2016): each word is compared with the words of the other sentence that it is
 * aligned with, and the sums of all comparisons are classified; the order of words plays no part. `F`, `G` and `H` of
 * the paper are of two layers with ReLU. Its NULL token before each sentence is left out.
 *
 * @param words `[2B, L, E]` with their mask, premises first
 * @returns probabilities `[B, 3]`
 */
export function decomposable(words: SymbolicTensor, config: Config): SymbolicTensor {
  const keys = feedForward(words, 'align', config);
  const pairs = beside('compared', [words, aligned(keys, words)]);
  const sums = pool(feedForward(pairs, 'compare', config), 'sum');
  const decision = feedForward(beside('pair', splitPair(sums)), 'aggregate', config);
  return through(decision, linear('label', LABELS.length, config.seed, 'softmax'));
}

/**
 * What ESIM makes of the states of two sentences (Chen et al. 2017, sections 3.2 and 3.3): each word's state beside what
 * it is aligned with, their difference and product, brought to `hiddenSize` numbers, read by a second recurrent network,
 * and known by the mean and the greatest of its states.
 *
 * Units are dropped before the second network and in the classifier; the paper drops those of words, too.
 *
 * @param states `[2B, L, D]` with their mask, premises first
 * @param compose the second network: vectors of words to states
 * @returns probabilities `[B, 3]`
 */
export function esim(
  states: SymbolicTensor,
  compose: (words: SymbolicTensor) => SymbolicTensor,
  { hiddenSize, dropout: rate = 0.2, seed }: Config,
): SymbolicTensor {
  const enhanced = new Merger({ name: 'enhanced' }).apply([states, aligned(states, states)]) as SymbolicTensor;
  const read = compose(
    through(enhanced, linear('enhanced_projection', hiddenSize, seed, 'relu'), dropout('enhanced_dropout', rate, seed)),
  );
  const known = beside('known', [pool(read, 'mean'), pool(read, 'max')]);
  return through(
    beside('pair', splitPair(known)),
    dropout('pair_dropout', rate, seed),
    linear('hidden', hiddenSize, seed, 'tanh'),
    dropout('hidden_dropout', rate, seed),
    linear('label', LABELS.length, seed, 'softmax'),
  );
}

/** For each word the vectors of the other sentence, weighted by how well their keys fit the word's. */
function aligned(keys: SymbolicTensor, vectors: SymbolicTensor): SymbolicTensor {
  const weights = through(keys, new CrossAttention({ name: 'attention' }));
  const others = through(vectors, new SwapPair({ name: 'swap_pair' }));
  return new Attend({ name: 'aligned' }).apply([weights, others]) as SymbolicTensor;
}

function feedForward(value: SymbolicTensor, name: string, { hiddenSize, dropout: rate = 0.2, seed }: Config) {
  const layer = (index: number) => [
    dropout(`${name}_dropout_${index}`, rate, seed),
    linear(`${name}_${index}`, hiddenSize, seed, 'relu'),
  ];
  return through(value, ...layer(1), ...layer(2));
}

function pool(states: SymbolicTensor, method: PoolingMethod): SymbolicTensor {
  return through(states, new Pooling({ name: method, method }));
}

function splitPair(encodings: SymbolicTensor): SymbolicTensor[] {
  return new SplitPair({ name: 'split_pair' }).apply(encodings) as SymbolicTensor[];
}
