/**
 * A vocabulary's table of vectors may be larger than all else in a model, and a part of a batch knows some hundred of its
 * rows. So a replica has a table of these alone: ids are numbered anew for it, and the rows travel instead of the table.
 */

import type { Variable } from '@tensorflow/tfjs-core';
import type { LayersModel, layers } from '@tensorflow/tfjs-layers';
import type { PaddedSequences, PairBatch } from '../../stages/records.ts';
import { JoinPair } from '../layers/pairs.ts';
import { WordEmbedding } from '../layers/word-embedding.ts';

/** The inputs that are ids of words. */
const SENTENCES = ['premise', 'hypothesis'];

/** Numbers of their own for the words of a batch. */
export interface LocalWords {
  /** The id of each number; that of padding, 0, is 0. */
  readonly ids: Int32Array;
  /** The batch with these numbers for ids. */
  readonly batch: PairBatch;
}

/** Numbers the words of batches, each batch for itself, in the order in which they come. */
export class WordNumbers {
  readonly #numbers: Int32Array;

  /** @param words how many there are in the vocabulary */
  constructor(words: number) {
    this.#numbers = new Int32Array(words);
  }

  number(batch: PairBatch): LocalWords {
    const known = [0];
    const numbered = (sequences: PaddedSequences): PaddedSequences => ({
      ...sequences,
      ids: sequences.ids.map((id) => {
        if (id === 0) return 0;
        if (this.#numbers[id] === 0) this.#numbers[id] = known.push(id) - 1;
        return this.#numbers[id]!;
      }),
    });
    const local = { ...batch, premise: numbered(batch.premise), hypothesis: numbered(batch.hypothesis) };
    // For the next batch; the rest of them is 0 as it was.
    for (const id of known) this.#numbers[id] = 0;
    return { ids: Int32Array.from(known), batch: local };
  }
}

/** The model's table of vectors, if its words go nowhere else, so that it is all one how they are numbered. */
export function tableOf(model: LayersModel): Variable | undefined {
  const readers = model.layers.filter((layer) => sourcesOf(layer).some(givesIds));
  const embeddings = readers.filter((layer) => layer instanceof WordEmbedding);
  const [embedding] = embeddings;
  const isAlone = embeddings.length === 1 && readers.every((layer) => layer === embedding || layer instanceof JoinPair);
  return isAlone && embedding!.embeddingSize !== 'one-hot' ? (embedding!.weights[0]!.read() as Variable) : undefined;
}

/**
 * The topology of a model, as `toJSON` tells it, with a table of so many rows.
 *
 * @param topology of a model that has a {@link tableOf}
 */
export function withTableOf(rows: number, topology: Topology): Topology {
  const resized = structuredClone(topology);
  for (const layer of resized.config.layers) {
    if (layer.class_name === WordEmbedding.className) layer.config.vocabulary_size = rows;
  }
  return resized;
}

/** The part of a model's JSON that is looked at here. */
export interface Topology {
  readonly config: { readonly layers: { readonly class_name: string; config: Record<string, unknown> }[] };
}

function sourcesOf(layer: layers.Layer): layers.Layer[] {
  return layer.inboundNodes.flatMap(({ inboundLayers }) => inboundLayers);
}

function givesIds(layer: layers.Layer): boolean {
  return SENTENCES.includes(layer.name) || layer instanceof JoinPair;
}
