import { Argument, type Command, Option } from 'commander';
import type { EngineName } from '../engine/index.ts';
import type { DevFigures, EpochRecord, Head, RunCheckpoint, Target } from '../models/index.ts';
import { version } from '../pipeline/version.ts';
import {
  type FormatFlags,
  type MissingPolicy,
  missingPolicies,
  read,
  readFormatFlags,
  readPairs,
  type TokenizerName,
  tokenizers,
} from '../stages/index.ts';
import { type ArchitectureFlags, addArchitectureOptions, architectureOf, assertFits } from './architecture-options.ts';
import {
  addEngineOption,
  addFormatOptions,
  addSourceOptions,
  collect,
  positiveNumber,
  type SourceFlags,
  share,
  sourceOptions,
  tellChoice,
  wholeNumber,
} from './options.ts';
import { Progress } from './progress.ts';
import { addRecipeOption, withRecipe } from './recipe.ts';
import { policyOf, tellLeftOut, toldLeftOut } from './rejects.ts';
import { addResumeOption, resumed } from './resume.ts';
import { startEngine } from './start-engine.ts';

export interface TrainFlags extends SourceFlags, FormatFlags, ArchitectureFlags {
  readonly train: readonly string[];
  readonly dev: string;
  readonly glove?: string;
  readonly missing: MissingPolicy;
  readonly tokenize: TokenizerName;
  readonly lowercase: boolean;
  readonly minCount: number;
  readonly maxVocabulary?: number;
  readonly embedSize?: number | 'one-hot';
  readonly freezeEmbeddings?: true;
  readonly hiddenSize: number;
  readonly head: Head;
  readonly target: Target;
  readonly mlpLayers?: number;
  readonly mlpSize?: number;
  readonly dropout: number;
  readonly epochs: number;
  readonly patience: number;
  readonly batchSize: number;
  readonly tokensPerBatch?: number;
  readonly workers: number;
  readonly classWeights: 'none' | 'balanced';
  readonly learningRate: number;
  readonly decay: number;
  readonly clip: number;
  readonly seed: number;
  readonly limit?: number;
  readonly engine: EngineName | 'auto';
  readonly saveEvery: number;
  readonly out: string;
  readonly json?: true;
}

/** `millrace train MODEL --train SRC --dev SRC --out RUN`, and `millrace train --resume RUN` */
export function configure(command: Command, signal: AbortSignal): void {
  command
    .addArgument(new Argument('[model]', 'which model').choices(['simple-rnn', 'advanced-rnn', 'spinn']))
    .option('--train <source>', 'pairs to learn from, with their labels or scores; may be given several times', collect)
    .option('--dev <source>', 'such pairs to choose the best epoch by')
    .option('--out <run>', 'the folder to write the trained model to')
    .option('--glove <source>', 'word vectors to start from, such as glove:6B.100d or glove.6B.zip#glove.6B.100d.txt')
    .addOption(
      new Option('--missing <policy>', 'what a word gets that the vectors lack')
        .choices(Object.keys(missingPolicies))
        .default('random'),
    )
    .option(
      '--embed-size <n>',
      'numbers for a word, or one-hot (default: that of the vectors, else 100)',
      embeddingSize,
    )
    .option('--freeze-embeddings', 'leave the word vectors as they are')
    .option('--hidden-size <n>', 'size of the hidden state', wholeNumber(1), 100);
  addRecipeOption(command);
  addArchitectureOptions(command)
    .addOption(
      new Option('--head <name>', 'what is learnt of a pair').choices(['classifier', 'distance']).default('classifier'),
    )
    .addOption(
      new Option('--target <name>', "the pairs' labels, or with the distance head their scores")
        .choices(['label', 'score'])
        .default('label'),
    )
    .option('--mlp-layers <n>', 'hidden layers of the classifier of two encodings (default: 1)', wholeNumber(1))
    .option('--mlp-size <n>', 'units of each of them (default: the hidden size)', wholeNumber(1))
    .option('--epochs <n>', 'passes over the training pairs', wholeNumber(1), 10)
    .option('--patience <n>', 'epochs without a new best before training stops', wholeNumber(1), 5)
    .option('--batch-size <n>', 'pairs to a step', wholeNumber(1), 32)
    .option('--tokens-per-batch <n>', 'instead: the most cells of a step, padding included', wholeNumber(1))
    .option('--workers <n>', 'threads that learn from each batch together, a part each', wholeNumber(1), 1)
    .addOption(
      new Option('--class-weights <policy>', 'balanced: pairs of a rare label count more')
        .choices(['none', 'balanced'])
        .default('none'),
    )
    .option('--learning-rate <x>', "Adam's step size", positiveNumber, 0.001)
    .option(
      '--decay <x>',
      'what the step size is multiplied by when the dev loss was no new lowest',
      positiveNumber,
      0.5,
    )
    .option('--dropout <x>', 'share of units dropped in training', share, 0.2)
    .option('--clip <x>', 'largest global norm of the gradient', positiveNumber, 5)
    .option('--seed <n>', 'the same seed gives the same losses', wholeNumber(), 0)
    .option('--limit <n>', 'train on so many pairs only', wholeNumber(1))
    .addOption(new Option('--tokenize <method>', 'how to find tokens').choices(Object.keys(tokenizers)).default('auto'))
    .option('--no-lowercase', 'keep upper case')
    .option('--min-count <n>', 'leave out words that occur less often', wholeNumber(1), 1)
    .option('--max-vocabulary <n>', 'keep the most frequent words only', wholeNumber(2))
    .option('--save-every <n>', 'steps between two checkpoints, from which --resume goes on', wholeNumber(1), 500)
    .option('--json', 'print the result as one JSON object');
  addEngineOption(addSourceOptions(addFormatOptions(command)));
  addResumeOption(command);
  command.action(async (model: string | undefined, given: TrainFlags) => {
    const { flags, resume } = await resumed(command, model, withRecipe(command, model, given));
    assertFits(command, flags);
    const result = await train(flags, signal, resume);
    if (flags.json) console.log(JSON.stringify(result));
    else console.log(`best epoch ${result.best.epoch}: dev ${success(result.best)}\nsaved in ${flags.out}`);
  });
}

/** Trains as the flags say, telling of it on stderr. */
export async function train(flags: TrainFlags, signal: AbortSignal, resume?: RunCheckpoint) {
  const started = performance.now();
  const format = readFormatFlags(flags);
  const { devFigures, trainRun } = await import('../models/index.ts');
  const engine = await startEngine(flags.engine);
  const progress = new Progress();
  const source = { ...sourceOptions(flags), onProgress: progress.download };
  const pairs = { ...source, ...format };
  const rejects = policyOf(flags, [...flags.train, flags.dev]);
  const [first, ...others] = flags.train.map((spec) => readPairs(spec, pairs));
  const all = (others.length > 0 ? first!.concat(...others) : first!).onError(rejects);
  const { glove } = flags;

  let trainPairs = 0;
  let bar: ReturnType<Progress['steps']> | undefined;
  const epochs: EpochRecord[] = [];
  let done = resume?.progress.epoch?.pairs ?? 0;
  if (resume) console.error(`going on after step ${resume.steps}, epoch ${resume.progress.epochs + 1}`);
  try {
    const limited = flags.limit === undefined ? all : all.take(flags.limit);
    const result = await trainRun({
      architecture: architectureOf(flags),
      train: limited,
      dev: readPairs(flags.dev, pairs).onError(rejects),
      ...(glove !== undefined && { glove: () => read(glove, source).withAbort(signal) }),
      missing: flags.missing,
      freezeEmbeddings: flags.freezeEmbeddings ?? false,
      ...(flags.embedSize !== undefined && { embeddingSize: flags.embedSize }),
      hiddenSize: flags.hiddenSize,
      head: flags.head,
      target: flags.target,
      ...(flags.mlpLayers !== undefined && { mlpLayers: flags.mlpLayers }),
      ...(flags.mlpSize !== undefined && { mlpSize: flags.mlpSize }),
      dropout: flags.dropout,
      epochs: flags.epochs,
      patience: flags.patience,
      batchSize: flags.batchSize,
      ...(flags.tokensPerBatch !== undefined && { tokensPerBatch: flags.tokensPerBatch }),
      workers: flags.workers,
      onTextThreads: tellChoice,
      classWeights: flags.classWeights,
      learningRate: flags.learningRate,
      decay: flags.decay,
      maxGradientNorm: flags.clip,
      seed: flags.seed,
      tokenizer: flags.tokenize,
      lowercase: flags.lowercase,
      minCount: flags.minCount,
      ...(flags.maxVocabulary !== undefined && { maxSize: flags.maxVocabulary }),
      out: flags.out,
      saveEvery: flags.saveEvery,
      ...(resume && { resume }),
      version,
      training: trainingOf(flags, engine.name),
      signal,
      onVocabulary: ({ size }, pairs) => {
        trainPairs = pairs;
        console.error(`vocabulary ${size} words, ${pairs} training pairs`);
      },
      onCoverage: ({ found, words, tokenShare }) =>
        console.error(`vectors for ${found} of ${words} words, ${(100 * tokenShare).toFixed(1)}% of running words`),
      onRecord: (record) => {
        if (record.type === 'step') {
          bar ??= progress.steps(trainPairs, `epoch ${record.epoch} {bar} {value}/{total} pairs, loss {loss}`);
          done += record.examples;
          bar.update(done, { loss: record.loss.toFixed(3) });
          return;
        }
        bar?.stop();
        bar = undefined;
        done = 0;
        epochs.push(record);
        const { epoch, trainLoss, trainAccuracy, devLoss, pairsPerSecond, best } = record;
        const accuracy = trainAccuracy === undefined ? '' : `, accuracy ${trainAccuracy.toFixed(4)}`;
        console.error(
          `epoch ${epoch}: train loss ${trainLoss.toFixed(4)}${accuracy}; dev loss ${devLoss.toFixed(4)}, ${success(record)}${best ? ' *' : ''}; ${Math.round(pairsPerSecond)} pairs/s`,
        );
      },
    });
    signal.throwIfAborted();
    if (epochs.length > 0) console.error(`waited for data ${waitOf(epochs).toFixed(2)}% of the time`);
    else console.error(`nothing was left to train: ${result.epochs} epochs are done, more --epochs go further`);
    const { best, ...rest } = result;
    return {
      run: flags.out,
      engine: engine.name,
      ...rest,
      seconds: (performance.now() - started) / 1000,
      ...toldLeftOut(rejects.leftOut),
      best: { epoch: best!.epoch, ...devFigures(best!.dev) },
    };
  } finally {
    progress.stop();
    tellLeftOut(rejects.leftOut, flags);
  }
}

/** How well a model does, in words. */
function success({ devAccuracy, devPearson, devSpearman }: DevFigures): string {
  return devAccuracy === undefined
    ? `Pearson's r ${devPearson!.toFixed(4)}, Spearman's rho ${devSpearman!.toFixed(4)}`
    : `accuracy ${devAccuracy.toFixed(4)}`;
}

/** What a run remembers of its flags: what the result is printed as is no part of it. */
function trainingOf({ json, ...flags }: TrainFlags, engine: EngineName) {
  return { ...flags, engine };
}

/** Share of the epochs in which training waited for data, in percent. */
function waitOf(epochs: readonly EpochRecord[]): number {
  const sum = (pick: (record: EpochRecord) => number) => epochs.reduce((total, record) => total + pick(record), 0);
  return (100 * sum(({ dataWaitSeconds }) => dataWaitSeconds)) / sum(({ seconds }) => seconds);
}

function embeddingSize(text: string): number | 'one-hot' {
  return text === 'one-hot' ? text : wholeNumber(1)(text);
}
