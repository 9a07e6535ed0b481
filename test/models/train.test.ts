import { memory } from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import type { StepRecord } from '../../models/epoch.ts';
import { evaluate } from '../../models/evaluate.ts';
import { evaluateScores } from '../../models/evaluate-scores.ts';
import type { DistanceScore } from '../../models/layers/distance-score.ts';
import type { PairModelConfig } from '../../models/pair-model.ts';
import { buildSimpleRnn } from '../../models/simple-rnn.ts';
import { type EpochRecord, type TrainOptions, train } from '../../models/train.ts';
import { type ErrorCode, MillraceError } from '../../pipeline/errors.ts';
import type { PairBatch } from '../../stages/records.ts';
import { accuracyOf, batchOf, distance, type IdPair, random, stream, tinyPairs } from './helpers.ts';

const CONFIG: PairModelConfig = { vocabularySize: 12, embeddingSize: 8, hiddenSize: 12, seed: 1 };
const PAIRS = tinyPairs(20, 5);
const BATCHES = [batchOf(PAIRS.slice(0, 10)), batchOf(PAIRS.slice(10))];
const DEV = batchOf(tinyPairs(12, 6));

/** Trains a fresh model on the tiny pairs and keeps what it said. */
async function run(options: Partial<TrainOptions> = {}, config: Partial<PairModelConfig> = {}) {
  const model = options.model ?? buildSimpleRnn({ ...CONFIG, ...config });
  const steps: StepRecord[] = [];
  const epochs: EpochRecord[] = [];
  const result = await train({
    model,
    train: () => stream(...BATCHES),
    dev: () => stream(DEV),
    epochs: 3,
    onRecord: (record) => void (record.type === 'step' ? steps.push(record) : epochs.push(record)),
    ...options,
  });
  return { model, result, steps, epochs };
}

const weightsOf = (model: TrainOptions['model']) => model.getWeights().flatMap((weight) => [...weight.dataSync()]);

test.before(async () => {
  await startEngine('wasm');
});

for (const head of ['classifier', 'distance'] as const) {
  test.serial(`${head}: it learns 20 pairs by heart`, async (t) => {
    const settings = { epochs: 150, learningRate: 0.01, patience: 150, dev: () => stream(...BATCHES) };
    const { model, result, epochs } = await run(settings, { head, dropout: 0 });
    const accuracy = accuracyOf(result.best!.dev);
    t.true(accuracy >= 0.95, `${accuracy}`);
    t.true(epochs.at(-1)!.trainLoss < epochs[0]!.trainLoss / 5);
    t.is(result.best!.thresholds !== undefined, head === 'distance');
    // The model is left with the weights that were measured.
    const again = await evaluate(model, stream(...BATCHES), result.best!.thresholds);
    t.is(again.accuracy, accuracy);
  });
}

test.serial('every step and epoch is told', async (t) => {
  const { steps, epochs, result } = await run();
  t.deepEqual(
    steps.map(({ epoch, step, examples }) => [epoch, step, examples]),
    [1, 1, 2, 2, 3, 3].map((epoch, i) => [epoch, i + 1, 10]),
  );
  t.true(steps.every(({ gradientNorm, dataWaitSeconds }) => gradientNorm > 0 && dataWaitSeconds >= 0));
  t.deepEqual(
    epochs.map(({ epoch }) => epoch),
    [1, 2, 3],
  );
  for (const { epoch, trainLoss, trainAccuracy } of epochs) {
    const own = steps.filter((step) => step.epoch === epoch);
    t.true(Math.abs(trainLoss - own.reduce((sum, { loss }) => sum + loss, 0) / 2) < 1e-6);
    t.true(trainAccuracy! >= 0 && trainAccuracy! <= 1);
  }
  t.is(result.ended, 'finished');
  t.is(result.epochs, 3);
});

test.serial('the same seed gives the same losses and weights, and another seed others', async (t) => {
  const settings = { epochs: 2 };
  const [one, two, other] = [await run(settings), await run(settings), await run(settings, { seed: 2 })];
  const losses = ({ steps }: typeof one) => steps.map(({ loss, gradientNorm }) => [loss, gradientNorm]);
  t.deepEqual(losses(one), losses(two));
  t.deepEqual(weightsOf(one.model), weightsOf(two.model));
  t.notDeepEqual(losses(one), losses(other));
});

test.serial('the best epoch is the one of highest accuracy, then of lowest loss, and its weights stay', async (t) => {
  const kept = new Map<number, number[]>();
  const model = buildSimpleRnn(CONFIG);
  const onBest = ({ epoch }: { epoch: number }) => void kept.set(epoch, weightsOf(model));
  const { result, epochs } = await run({ model, onBest, epochs: 12, learningRate: 0.02, patience: 12 });
  let best: EpochRecord | undefined;
  for (const record of epochs) {
    const { devAccuracy, devLoss } = record;
    const better =
      best === undefined ||
      devAccuracy! > best.devAccuracy! ||
      (devAccuracy === best.devAccuracy && devLoss < best.devLoss);
    t.is(record.best, better);
    t.is(kept.has(record.epoch), better);
    if (better) best = record;
  }
  t.is(result.best!.epoch, best!.epoch);
  t.true(best!.epoch < 12, 'so that the last weights are not the best');
  t.is(distance(weightsOf(model), kept.get(best!.epoch)!), 0);
});

/** Pairs of which it can be told how many of their words they share: that is their score, on a scale from `lowest` to 1 more. */
function overlaps(count: number, seed: number, lowest: number): PairBatch {
  const next = random(seed);
  const word = () => 2 + Math.floor(10 * next());
  const pairs = Array.from({ length: count }, (_, i): IdPair => {
    const premise = Array.from({ length: 4 }, word);
    const shared = i % 5;
    const hypothesis = premise.map((own, at) => (at < shared ? own : word()));
    return [premise, hypothesis, undefined, lowest + shared / 4];
  });
  return batchOf(pairs);
}

test.serial('scores on a scale of their own are learnt well enough to order pairs that it has not seen', async (t) => {
  const batches = [1, 2, 3, 4].map((seed) => overlaps(60, seed, 100));
  const unseen = overlaps(60, 9, 100);
  const model = buildSimpleRnn({ ...CONFIG, head: 'distance', dropout: 0 });
  const layer = model.getLayer('score') as DistanceScore;
  layer.startAt({ highest: 101, mean: 100.5 });
  const kept = new Map<number, number[]>();
  const { result, epochs } = await run({
    model,
    target: 'score',
    train: () => stream(...batches),
    dev: () => stream(unseen),
    epochs: 25,
    patience: 25,
    learningRate: 0.02,
    onBest: ({ epoch }) => void kept.set(epoch, weightsOf(model)),
  });
  const { best } = result;
  t.true(best!.dev.target === 'score' && best!.dev.pearson > 0.7 && best!.dev.spearman > 0.7, JSON.stringify(best));
  t.is(best!.thresholds, undefined);
  // The best epoch is that of the lowest loss.
  let lowest = Number.POSITIVE_INFINITY;
  for (const { devLoss, best, devAccuracy, trainAccuracy } of epochs) {
    t.is(best, devLoss < lowest);
    t.deepEqual([devAccuracy, trainAccuracy], [undefined, undefined]);
    lowest = Math.min(lowest, devLoss);
  }
  t.is(epochs.find(({ devLoss }) => devLoss === lowest)!.epoch, best!.epoch);
  t.deepEqual(weightsOf(model), kept.get(best!.epoch));
  const { pairsPerSecond: _, ...again } = await evaluateScores(model, stream(unseen));
  t.like(best!.dev, again);
});

test.serial('what cannot be learnt together is refused', async (t) => {
  const failing: [Partial<TrainOptions>, Partial<PairModelConfig>, RegExp][] = [
    [{ target: 'score' }, {}, /expected the head distance with the target score, found "the head classifier"/],
    [{ target: 'score', classWeights: [1, 1, 1] }, { head: 'distance' }, /Class weights weigh labels/],
  ];
  for (const [options, config, message] of failing) {
    const error = await t.throwsAsync(run(options, config), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_USAGE');
    t.regex(error.message, message);
  }
  const error = await t.throwsAsync(run({ target: 'score' }, { head: 'distance' }), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_BAD_RECORD');
  t.regex(error.message, /pairs\.jsonl:1: The pair has no score to learn from \(pair-0\)/);
});

test.serial('it stops when nothing got better for as long as its patience', async (t) => {
  // At a learning rate of 0 nothing moves; with the classifier the averages of the batch norm would.
  const { result, epochs } = await run({ learningRate: 0, patience: 2, epochs: 9 }, { head: 'distance' });
  t.is(result.ended, 'patience');
  t.is(result.best!.epoch, 1);
  t.deepEqual(
    epochs.map(({ best }) => best),
    [true, false, false],
  );
});

test.serial('the learning rate decays after an epoch without a lower dev loss', async (t) => {
  const settings = { learningRate: 0.05, decay: 0.5, epochs: 8, patience: 8 };
  const { steps, epochs } = await run(settings);
  let rate = 0.05;
  let lowest = Number.POSITIVE_INFINITY;
  for (const { epoch, devLoss } of epochs) {
    t.true(steps.filter((step) => step.epoch === epoch).every(({ learningRate }) => learningRate === rate));
    if (devLoss >= lowest) rate *= 0.5;
    lowest = Math.min(lowest, devLoss);
  }
  t.true(rate < 0.05, 'so that it decayed at all');
});

test.serial('an abort ends it before the next step, closes the source and keeps the best so far', async (t) => {
  const controller = new AbortController();
  let open = 0;
  async function* source(): AsyncGenerator<PairBatch, void> {
    open++;
    try {
      yield* BATCHES;
    } finally {
      open--;
    }
  }
  const kept: number[][] = [];
  const model = buildSimpleRnn(CONFIG);
  const { result } = await run({
    model,
    train: source,
    signal: controller.signal,
    onBest: () => void kept.push(weightsOf(model)),
    onRecord: (record) => {
      if (record.type === 'step' && record.step === 3) controller.abort();
    },
  });
  t.is(result.ended, 'aborted');
  t.is(result.epochs, 1);
  t.is(result.best!.epoch, 1);
  t.is(open, 0);
  t.is(distance(weightsOf(model), kept[0]!), 0);
});

test.serial('aborted from the start it trains nothing', async (t) => {
  const model = buildSimpleRnn(CONFIG);
  const before = weightsOf(model);
  const { result } = await run({ model, signal: AbortSignal.abort() });
  t.deepEqual(result, { ended: 'aborted', epochs: 0 });
  t.deepEqual(weightsOf(model), before);
});

test.serial(
  'the next epoch is begun to be read before the dev split is measured, and left if it does not come',
  async (t) => {
    const told: string[] = [];
    const source = (epoch: number) => {
      async function* batches(): AsyncGenerator<PairBatch, void> {
        told.push(`open ${epoch}`);
        try {
          yield* BATCHES;
        } finally {
          told.push(`close ${epoch}`);
        }
      }
      return batches();
    };
    const dev = () => {
      told.push('dev');
      return stream(DEV);
    };
    const { result } = await run({ train: source, dev, learningRate: 0, patience: 1, epochs: 5 });
    t.is(result.ended, 'patience');
    t.deepEqual(told, ['open 0', 'close 0', 'open 1', 'dev', 'close 1', 'open 2', 'dev', 'close 2']);
  },
);

test.serial('what goes wrong in reading ahead is told when its epoch comes, and not before', async (t) => {
  const records: string[] = [];
  const failure = new Error('the second epoch cannot be read');
  const source = (epoch: number) => {
    async function* failing(): AsyncGenerator<PairBatch, void> {
      yield await Promise.reject(failure);
    }
    return epoch === 0 ? stream(...BATCHES) : failing();
  };
  const onRecord = ({ type }: { type: string }) => void records.push(type);
  t.is(await t.throwsAsync(() => run({ train: source, onRecord })), failure);
  t.deepEqual(records, ['step', 'step', 'epoch']);
});

test.serial('empty splits and a loss that runs away are errors', async (t) => {
  const failing: [Partial<TrainOptions>, ErrorCode][] = [
    [{ train: () => stream() }, 'MILLRACE_BAD_RECORD'],
    [{ dev: () => stream() }, 'MILLRACE_BAD_RECORD'],
    [{ learningRate: 1e30, epochs: 20 }, 'MILLRACE_USAGE'],
  ];
  for (const [options, code] of failing) {
    const error = await t.throwsAsync(() => run(options), { instanceOf: MillraceError });
    t.is(error.code, code);
  }
});

test.serial('no tensor is left behind, however many epochs', async (t) => {
  const model = buildSimpleRnn(CONFIG);
  await run({ model });
  const before = memory().numTensors;
  await run({ model, epochs: 5, patience: 5 });
  t.is(memory().numTensors, before);
  await t.throwsAsync(() => run({ model, dev: () => stream() }));
  t.is(memory().numTensors, before);
});
