/** Why a model said what it said of a pair: where its words looked, as which trees it read the sentences, or which words told. */

import { type LayersModel, model as modelOf } from '@tensorflow/tfjs-layers';
import { MillraceError } from '../pipeline/errors.ts';
import type { PairBatch } from '../stages/records.ts';
import { importanceOf, type WordImportance } from './importance.ts';
import { infer } from './infer.ts';
import { CrossAttention } from './layers/cross-attention.ts';
import { InnerAttention } from './layers/inner-attention.ts';
import { movesOf, treeEncoderOf } from './parse.ts';
import type { Prediction } from './predict.ts';
import { type SentenceTree, treeOf } from './trees.ts';

/** One sentence's rows of an attention; each sums to 1. */
export type AttentionRows = readonly (readonly number[])[];

/**
 * Where a model looked. `inner`: `[views][words]` of the sentence itself. `cross`: `[words][words of the other]`, what
 * each word of the sentence is aligned with.
 */
export interface AttentionWeights {
  readonly kind: 'inner' | 'cross';
  readonly premise: AttentionRows;
  readonly hypothesis: AttentionRows;
}

/** The words of a pair, as the model reads them. */
export interface PairTokens {
  readonly premise: readonly string[];
  readonly hypothesis: readonly string[];
}

/** The same with the words. */
export interface Attention extends AttentionWeights {
  readonly tokens: PairTokens;
}

/** What the answer owes to each word, and the words. */
export interface Importance extends WordImportance {
  readonly tokens: PairTokens;
}

/** The trees of a pair's sentences. */
export interface PairTrees {
  readonly premise: SentenceTree;
  readonly hypothesis: SentenceTree;
}

/** What a model can tell of how it came to its answer; each kind of model has a field of its own. */
export interface Explanation {
  readonly attention?: Attention;
  readonly trees?: PairTrees;
  /** Of models with neither. */
  readonly importance?: Importance;
}

export type ExplainedPrediction = Prediction & Explanation;

/**
 * What a model can tell of each pair, in the order in which they come.
 *
 * @param tokens the words of a pair, counted from 0
 */
export async function* explanationsOf(
  model: LayersModel,
  batches: AsyncIterable<PairBatch>,
  tokens: (pair: number) => PairTokens,
): AsyncGenerator<Explanation, void> {
  let pair = 0;
  const encoder = treeEncoderOf(model);
  if (!encoder && model.layers.some(isAttention)) {
    for await (const weights of attentionOf(model, batches)) {
      yield { attention: { ...weights, tokens: tokens(pair++) } };
    }
    return;
  }
  if (!encoder) {
    for await (const losses of importanceOf(model, batches))
      yield { importance: { ...losses, tokens: tokens(pair++) } };
    return;
  }
  for await (const moves of movesOf(model, encoder, batches)) {
    for (const [row, ofPremise] of moves.premise.entries()) {
      const { premise, hypothesis } = tokens(pair++);
      yield {
        trees: { premise: treeOf(premise, ofPremise), hypothesis: treeOf(hypothesis, moves.hypothesis[row]!) },
      };
    }
  }
}

/**
 * The attention that a model gave to the words of each pair, in the order in which they come.
 *
 * @throws MillraceError `MILLRACE_USAGE` for a model without attention
 */
export async function* attentionOf(
  model: LayersModel,
  batches: AsyncIterable<PairBatch>,
): AsyncGenerator<AttentionWeights, void> {
  const layer = attentionLayer(model);
  const isInner = layer instanceof InnerAttention;
  // It shares the layers, and their weights, with the model that it looks into.
  const inside = modelOf({ inputs: model.inputs, outputs: layer.output });
  for await (const { batch, outputs } of infer(inside, batches)) {
    const { size, premise, hypothesis } = batch;
    const width = Math.max(premise.width, hypothesis.width, 1);
    const all = isInner ? layer.views : width;
    const rowsOf = (sentence: number, rows: number, words: number) =>
      Array.from({ length: rows }, (_, row) => {
        const start = (sentence * all + row) * width;
        return [...outputs.subarray(start, start + words)];
      });
    for (let pair = 0; pair < size; pair++) {
      const [p, h] = [premise.lengths[pair]!, hypothesis.lengths[pair]!];
      yield {
        kind: isInner ? 'inner' : 'cross',
        premise: isInner ? rowsOf(pair, all, p) : rowsOf(pair, p, h),
        hypothesis: isInner ? rowsOf(size + pair, all, h) : rowsOf(size + pair, h, p),
      };
    }
  }
}

function attentionLayer({ layers, name }: LayersModel): InnerAttention | CrossAttention {
  const layer = layers.find(isAttention);
  if (layer) return layer;
  throw new MillraceError('MILLRACE_USAGE', 'The model has no attention', {
    expected: 'advanced-rnn with attention inner or cross',
    found: name,
  });
}

function isAttention(layer: object): layer is InnerAttention | CrossAttention {
  return layer instanceof InnerAttention || layer instanceof CrossAttention;
}
