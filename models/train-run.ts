import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { MillraceError, type Pipeline } from '../pipeline/index.ts';
import {
  type Block,
  bucket,
  type Coverage,
  type GloveOptions,
  ids,
  loadGlove,
  type PairBatch,
  type SentencePair,
  Vocabulary,
  type VocabularyOptions,
} from '../stages/index.ts';
import { CHECKPOINT_FILE, writeCheckpoint } from './checkpoint-file.ts';
import type { Head } from './heads.ts';
import { MetricsFile } from './metrics-file.ts';
import { type TextOptions, toTokens, VOCABULARY_FILE } from './run.ts';
import { assertSameRun, type RunCheckpoint, type Settings, sourcesOf } from './run-checkpoint.ts';
import { CONFIG_FILE, writeRunConfig } from './run-config.ts';
import { badRun, saveModel } from './saved-model.ts';
import { buildSimpleRnn } from './simple-rnn.ts';
import { type TrainRecord, type TrainResult, train } from './train.ts';

export interface TrainRunOptions extends TextOptions, VocabularyOptions {
  /** The training pairs; iterated once for the vocabulary and once an epoch. */
  readonly train: Pipeline<SentencePair>;
  readonly dev: Pipeline<SentencePair>;
  /** Opens the word vectors to start from; without them the embeddings start at random. */
  readonly glove?: () => AsyncIterable<Block>;
  readonly missing?: GloveOptions['missing'];
  readonly freezeEmbeddings: boolean;
  /** Numbers for a word; with `glove` that of its vectors, and then it need not be given. */
  readonly embeddingSize?: number | 'one-hot';
  readonly hiddenSize: number;
  readonly head: Head;
  readonly dropout: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** What the learning rate is multiplied by after an epoch whose dev loss was no new lowest. */
  readonly decay: number;
  readonly maxGradientNorm: number;
  readonly patience: number;
  readonly seed: number;
  /** The folder to write: `config.json`, `vocab.json`, `model.json`, `weights.bin`, `metrics.jsonl`, `checkpoint.bin`. */
  readonly out: string;
  /** Steps between two checkpoints; default 500. */
  readonly saveEvery?: number;
  /**
   * Goes on with the run in `out` from there: what `readCheckpoint(out)` gave. All else must be as it was, but for
   * `epochs`, `patience`, `saveEvery` and `training`; vocabulary and word vectors are those of the run.
   */
  readonly resume?: RunCheckpoint;
  /** Version of the program, for the record. */
  readonly version: string;
  /** Further facts for `config.json` and the checkpoint. */
  readonly training?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  readonly onVocabulary?: (vocabulary: Vocabulary, trainPairs: number) => void;
  readonly onCoverage?: (coverage: Coverage) => void;
  readonly onRecord?: (record: TrainRecord) => void;
}

export interface TrainRunResult extends TrainResult {
  /** Pairs in the training split. */
  readonly trainPairs: number;
  readonly parameters: number;
}

/** Pairs to shuffle among: a corpus of this size or less is shuffled uniformly. */
const SHUFFLE_BUFFER = 20_000;
/** Batches made ahead, so that the model never waits for one that could have been ready. */
const PREFETCHED = 4;
const DEFAULT_EMBEDDING_SIZE = 100;

/** What a training begins with. */
interface Start {
  readonly vocabulary: Vocabulary;
  readonly trainPairs: number;
  readonly embeddingSize: number | 'one-hot';
  readonly model: LayersModel;
}

/**
 * Trains a model from text to a run on disk: vocabulary from the training split, word vectors, epochs of shuffled and
 * bucketed batches, the best epoch's weights kept. An engine must have been started. Interrupted after an epoch, it
 * leaves a run that works; killed at any moment after `onVocabulary`, one that can be resumed.
 *
 * @throws MillraceError `MILLRACE_STATE` when the run to resume was begun with other data or options; `MILLRACE_BAD_RUN`
 *   when a part of it is missing
 */
export async function trainRun(options: TrainRunOptions): Promise<TrainRunResult> {
  const { out, seed, batchSize, resume, signal } = options;
  const trainTokens = abortable(toTokens(options.train, options), signal);
  const devTokens = abortable(toTokens(options.dev, options), signal);
  const sources = await sourcesOf({ train: trainTokens, dev: devTokens }, signal ?? new AbortController().signal);
  if (resume) assertSameRun(resume, settingsOf(options, resume.settings), sources);
  const { vocabulary, trainPairs, embeddingSize, model } = await (resume
    ? returnTo(resume, options)
    : begin(trainTokens, options));

  const metrics = new MetricsFile(out, resume?.metricsBytes);
  const settings = settingsOf(options, { embeddingSize });
  const trainIds = trainTokens.pipe(ids<SentencePair>(vocabulary));
  const devBatches = devTokens.pipe(ids<SentencePair>(vocabulary), bucket<SentencePair>({ size: batchSize }));
  const { epochs, patience, learningRate, decay, maxGradientNorm, saveEvery, training = {} } = options;
  try {
    const result = await train({
      model,
      epochs,
      patience,
      learningRate,
      decay,
      maxGradientNorm,
      ...(saveEvery !== undefined && { saveEvery }),
      ...(resume && { resume }),
      ...(signal && { signal }),
      train: (epoch): Pipeline<PairBatch> =>
        trainIds
          .shuffle(SHUFFLE_BUFFER, seed + epoch)
          .pipe(bucket<SentencePair>({ size: batchSize }))
          .prefetch(PREFETCHED),
      dev: () => devBatches,
      onRecord: (record) => {
        metrics.write(record);
        options.onRecord?.(record);
      },
      onBest: async ({ thresholds }) => {
        await saveModel(model, out);
        await writeRunConfig(out, {
          version: options.version,
          model: 'simple-rnn',
          head: options.head,
          vocabularySize: vocabulary.size,
          embeddingSize,
          hiddenSize: options.hiddenSize,
          tokenizer: options.tokenizer,
          lowercase: options.lowercase,
          seed,
          ...(thresholds && { thresholds }),
          ...(options.training && { training }),
        });
      },
      onCheckpoint: (checkpoint) =>
        writeCheckpoint<RunCheckpoint>(out, {
          ...checkpoint,
          training,
          settings,
          sources,
          vocabulary: vocabulary.fingerprint,
          trainPairs,
          metricsBytes: metrics.bytes,
        }),
    });
    return { ...result, trainPairs, parameters: model.countParams() };
  } finally {
    metrics.close();
    model.optimizer?.dispose();
    model.dispose();
  }
}

/** Makes all that a training begins with, and its folder. */
async function begin(tokens: Pipeline<SentencePair>, options: TrainRunOptions): Promise<Start> {
  const { out } = options;
  let trainPairs = 0;
  const counted = tokens.tap(() => {
    trainPairs++;
  });
  const vocabulary = await Vocabulary.build(counted, options);
  if (trainPairs === 0) {
    throw new MillraceError('MILLRACE_BAD_RECORD', 'There is no pair to learn from', {
      expected: 'at least one labelled pair in the training sources',
    });
  }
  options.onVocabulary?.(vocabulary, trainPairs);
  const embeddings = await startEmbeddings(vocabulary, options);
  const model = buildSimpleRnn({ ...options, ...embeddings, vocabularySize: vocabulary.size });

  await mkdir(out, { recursive: true });
  // A run is known by its config: without it what is left of an older run is none, until the first epoch is saved.
  for (const file of [CONFIG_FILE, CHECKPOINT_FILE]) await rm(join(out, file), { force: true });
  await vocabulary.save(join(out, VOCABULARY_FILE));
  return { vocabulary, trainPairs, embeddingSize: embeddings.embeddingSize, model };
}

/** Finds all that a training began with. The model's weights are yet to come from the checkpoint. */
async function returnTo(checkpoint: RunCheckpoint, options: TrainRunOptions): Promise<Start> {
  const { settings, trainPairs } = checkpoint;
  const vocabulary = await Vocabulary.load(join(options.out, VOCABULARY_FILE));
  if (vocabulary.fingerprint !== checkpoint.vocabulary) {
    throw badRun(options.out, VOCABULARY_FILE, { expected: 'the vocabulary that the run was begun with' });
  }
  options.onVocabulary?.(vocabulary, trainPairs);
  const embeddingSize = settings.embeddingSize as number | 'one-hot';
  const model = buildSimpleRnn({ ...options, embeddingSize, vocabularySize: vocabulary.size });
  return { vocabulary, trainPairs, embeddingSize, model };
}

/** @param known what these options leave to the data: the size of the embeddings, where it is that of the vectors */
function settingsOf(options: TrainRunOptions, { embeddingSize }: Settings): Settings {
  const { tokenizer, lowercase, freezeEmbeddings, hiddenSize, head, dropout, batchSize, seed } = options;
  const { learningRate, decay, maxGradientNorm } = options;
  return {
    tokenizer,
    lowercase,
    freezeEmbeddings,
    hiddenSize,
    head,
    dropout,
    batchSize,
    seed,
    learningRate,
    decay,
    maxGradientNorm,
    embeddingSize: options.embeddingSize ?? embeddingSize ?? DEFAULT_EMBEDDING_SIZE,
  };
}

async function startEmbeddings(vocabulary: Vocabulary, { glove, missing, seed, ...options }: TrainRunOptions) {
  if (!glove) return { embeddingSize: options.embeddingSize ?? DEFAULT_EMBEDDING_SIZE };
  const { dimension, matrix, coverage } = await loadGlove(glove, vocabulary, { ...(missing && { missing }), seed });
  if (options.embeddingSize !== undefined && options.embeddingSize !== dimension) {
    throw new MillraceError('MILLRACE_USAGE', 'The embedding size is not that of the word vectors', {
      expected: dimension.toString(),
      found: options.embeddingSize,
      hint: 'Leave --embed-size out, or take vectors of that size.',
    });
  }
  options.onCoverage?.(coverage);
  return { embeddingSize: dimension, initialEmbeddings: matrix };
}

function abortable<T>(pipeline: Pipeline<T>, signal: AbortSignal | undefined): Pipeline<T> {
  return signal ? pipeline.withAbort(signal) : pipeline;
}
