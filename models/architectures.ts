/** The models that there are, by the names by which `train` knows them. */

import type { LayersModel } from '@tensorflow/tfjs-layers';
import { type AdvancedRnnConfig, buildAdvancedRnn } from './advanced-rnn.ts';
import type { PairModelConfig } from './pair-model.ts';
import { buildSimpleRnn } from './simple-rnn.ts';
import { buildSpinn, type SpinnConfig } from './spinn.ts';

export const modelNames = ['simple-rnn', 'advanced-rnn', 'spinn'] as const;

export type ModelName = (typeof modelNames)[number];

/** What an architecture has to be told beyond what all pair models are. */
export type Architecture =
  | { readonly model: 'simple-rnn' }
  | ({ readonly model: 'advanced-rnn' } & Omit<AdvancedRnnConfig, keyof PairModelConfig>)
  | ({ readonly model: 'spinn' } & Omit<SpinnConfig, keyof PairModelConfig>);

/** Builds a model of an architecture, compiled and ready to train. */
export function buildModel(architecture: Architecture, config: PairModelConfig): LayersModel {
  switch (architecture.model) {
    case 'simple-rnn':
      return buildSimpleRnn(config);
    case 'advanced-rnn':
      return buildAdvancedRnn({ ...architecture, ...config });
    case 'spinn':
      return buildSpinn({ ...architecture, ...config });
  }
}

/** Whether its sentences need the transitions of their parses. */
export function readsTransitions(architecture: Architecture): boolean {
  return architecture.model === 'spinn' && (architecture.trees ?? 'parse') === 'parse';
}
