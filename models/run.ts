import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { MillraceError, Pipeline } from '../pipeline/index.ts';
import {
  batch,
  bucket,
  ids,
  lowercase,
  type PairBatch,
  type SentencePair,
  type TokenizerName,
  tokenize,
  transitions,
  Vocabulary,
} from '../stages/index.ts';
import { buildModel, type Parses, parsesToMeasure } from './architectures.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { evaluateScores } from './evaluate-scores.ts';
import { type ExplainedPrediction, explanationsOf } from './explain.ts';
import { type Prediction, predict, predictScores } from './predict.ts';
import { type RunConfig, readRunConfig } from './run-config.ts';
import { loadWeights, WEIGHTS_FILE } from './weights/weights-file.ts';

export const VOCABULARY_FILE = 'vocab.json';

/** How the text of a run is cut: the same in training, evaluation and prediction. */
export interface TextOptions {
  readonly tokenizer: TokenizerName;
  readonly lowercase: boolean;
  /** Whether the transitions of the sentences' parses are read too, of all sentences or where there are some; default no. */
  readonly parses?: Parses | undefined;
}

/** Adds the tokens that a model of these options reads. */
export function toTokens(pairs: Pipeline<SentencePair>, options: TextOptions): Pipeline<SentencePair> {
  const { parses } = options;
  const parsed = parses ? pairs.pipe(transitions<SentencePair>({ optional: parses === 'welcome' })) : pairs;
  const tokens = parsed.pipe(tokenize<SentencePair>(options.tokenizer));
  return options.lowercase ? tokens.pipe(lowercase<SentencePair>()) : tokens;
}

/** Pairs to a batch where nothing is learnt. */
const BATCH_SIZE = 64;

/** A trained model with all that it needs to read text: what a RUN folder holds. */
export class TrainedRun {
  readonly config: RunConfig;
  readonly vocabulary: Vocabulary;
  readonly model: LayersModel;

  constructor(config: RunConfig, vocabulary: Vocabulary, model: LayersModel) {
    this.config = config;
    this.vocabulary = vocabulary;
    this.model = model;
  }

  /**
   * Reads a run back. An engine must have been started.
   *
   * @throws MillraceError MILLRACE_BAD_RUN when the folder is not a run, or parts of it don't fit one another
   */
  static async open(folder: string): Promise<TrainedRun> {
    const config = await readRunConfig(folder);
    const vocabulary = await Vocabulary.load(join(folder, VOCABULARY_FILE));
    if (vocabulary.size !== config.vocabularySize) {
      throw new MillraceError('MILLRACE_BAD_RUN', 'The vocabulary is not the one that the model was trained with', {
        origin: { source: join(folder, VOCABULARY_FILE) },
        expected: `${config.vocabularySize} tokens`,
        found: vocabulary.size,
      });
    }
    const model = buildModel(config.architecture, config);
    try {
      await loadWeights(model, join(folder, WEIGHTS_FILE));
    } catch (error) {
      model.dispose();
      throw error;
    }
    return new TrainedRun(config, vocabulary, model);
  }

  /** Measures the model on pairs with a label, or a score if it was trained on scores. */
  evaluate(pairs: Pipeline<SentencePair>): Promise<Evaluation> {
    // The order says nothing here, so sentences of like length go together.
    const batches = this.#ids(pairs, this.#parses).pipe(bucket<SentencePair>({ size: BATCH_SIZE }));
    const { target, thresholds } = this.config;
    return target === 'score' ? evaluateScores(this.model, batches) : evaluate(this.model, batches, thresholds);
  }

  /** Labels pairs, or scores them if it was trained on scores, in the order in which they come. */
  predict(pairs: Pipeline<SentencePair>): AsyncGenerator<Prediction, void> {
    const batches: AsyncIterable<PairBatch> = this.#idsToPredict(pairs).pipe(batch<SentencePair>(BATCH_SIZE));
    return this.#predict(batches);
  }

  /** Labels or scores pairs, and tells how the model came to it, in the order in which they come. */
  async *explain(pairs: Pipeline<SentencePair>): AsyncGenerator<ExplainedPrediction, void> {
    // Chunk by chunk, so that each answer finds the words that it is about.
    for await (const chunk of this.#idsToPredict(pairs).chunks()) {
      const batches = () => Pipeline.from(chunk).pipe(batch<SentencePair>(BATCH_SIZE));
      const explanations = explanationsOf(this.model, batches(), (row) => {
        const { premise, hypothesis } = chunk.get(row);
        return { premise: [...premise.tokens!], hypothesis: [...hypothesis.tokens!] };
      });
      for await (const prediction of this.#predict(batches())) {
        const { value: explanation } = await explanations.next();
        yield { ...prediction, ...explanation! };
      }
    }
  }

  #predict(batches: AsyncIterable<PairBatch>): AsyncGenerator<Prediction, void> {
    const { target, thresholds } = this.config;
    return target === 'score' ? predictScores(this.model, batches) : predict(this.model, batches, thresholds);
  }

  get #parses(): Parses | undefined {
    return parsesToMeasure(this.config.architecture);
  }

  /** Nothing is compared, so parses that the model can do without are not looked at. */
  #idsToPredict(pairs: Pipeline<SentencePair>): Pipeline<SentencePair> {
    return this.#ids(pairs, this.#parses === 'needed' ? 'needed' : undefined);
  }

  #ids(pairs: Pipeline<SentencePair>, parses: Parses | undefined): Pipeline<SentencePair> {
    const { tokenizer, lowercase } = this.config;
    const tokens = toTokens(pairs, { tokenizer: tokenizer as TokenizerName, lowercase, parses });
    return tokens.pipe(ids<SentencePair>(this.vocabulary));
  }
}
