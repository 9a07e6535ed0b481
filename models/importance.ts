/**
 * How much a model's answer hangs on each word, found by erasing words one by one (Li, Monroe and Jurafsky 2016,
 * "Understanding Neural Networks through Representation Erasure"). It asks nothing of the model but answers.
 */
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { PaddedSequences, PairBatch } from '../stages/records.ts';
import { UNK_ID } from '../stages/vocabulary.ts';
import { headOf } from './heads.ts';
import { infer } from './infer.ts';

/**
 * Of each word, what the answer loses when the model reads a word that it does not know in its place: of a classifier the
 * difference of the log probability of its answer (nats), of a distance head that of the score. Above 0 the word speaks for
 * the answer, below 0 against it.
 */
export interface WordImportance {
  readonly premise: readonly number[];
  readonly hypothesis: readonly number[];
}

/** The importance of the words of each pair, in the order in which they come. */
export async function* importanceOf(
  model: LayersModel,
  batches: AsyncIterable<PairBatch>,
): AsyncGenerator<WordImportance, void> {
  const isClassifier = headOf(model) === 'classifier';
  for await (const batch of batches) {
    for (let pair = 0; pair < batch.size; pair++) {
      const answers: number[] = [];
      for await (const { outputs, batch: erased } of infer(model, only(withWordsErased(batch, pair)))) {
        const width = outputs.length / erased.size;
        const answer = isClassifier ? outputs.indexOf(Math.max(...outputs.subarray(0, width))) : 0;
        for (let row = 0; row < erased.size; row++) {
          const output = outputs[row * width + answer] as number;
          answers.push(isClassifier ? Math.log(output) : output);
        }
      }
      const losses = answers.slice(1).map((answer) => (answers[0] as number) - answer);
      const words = batch.premise.lengths[pair] as number;
      yield { premise: losses.slice(0, words), hypothesis: losses.slice(words) };
    }
  }
}

async function* only(batch: PairBatch): AsyncGenerator<PairBatch, void> {
  yield batch;
}

/** A pair as it is, then without each word of the premise, then without each of the hypothesis. */
function withWordsErased(batch: PairBatch, pair: number): PairBatch {
  const premise = wordsOf(batch.premise, pair);
  const hypothesis = wordsOf(batch.hypothesis, pair);
  const size = 1 + premise.length + hypothesis.length;
  return {
    size,
    premise: copies(premise, size, 1),
    hypothesis: copies(hypothesis, size, 1 + premise.length),
    labels: new Int32Array(size).fill(batch.labels[pair] as number),
    scores: new Float32Array(size).fill(batch.scores[pair] as number),
    pairIds: Array.from({ length: size }, () => batch.pairIds[pair] as string),
    origins: Array.from({ length: size }, () => batch.origins[pair]!),
  };
}

function wordsOf({ ids, width, lengths }: PaddedSequences, row: number): Int32Array {
  return ids.subarray(row * width, row * width + (lengths[row] as number));
}

/** So many copies of a sentence, of which those from `first` on each lack another word. */
function copies(words: Int32Array, size: number, first: number): PaddedSequences {
  const width = Math.max(1, words.length);
  const ids = new Int32Array(size * width);
  for (let row = 0; row < size; row++) ids.set(words, row * width);
  for (let word = 0; word < words.length; word++) ids[(first + word) * width + word] = UNK_ID;
  return { ids, lengths: new Int32Array(size).fill(words.length), width };
}
