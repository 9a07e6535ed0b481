/** Training: epochs of steps, a look at the dev split after each, and the best weights kept. */

import { setImmediate } from 'node:timers/promises';
import { dispose, tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { MillraceError } from '../pipeline/errors.ts';
import type { PairBatch } from '../stages/records.ts';
import { type PairExample, toDataset } from './dataset.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { headOf } from './heads.ts';
import { infer } from './infer.ts';
import { SeededDropout } from './layers/seeded-dropout.ts';
import type { ClippedAdam, ClippedAdamOptions } from './optimizer.ts';
import { compile } from './simple-rnn.ts';
import { learnThresholds, type Thresholds } from './thresholds.ts';

export interface TrainOptions extends ClippedAdamOptions {
  readonly model: LayersModel;
  /** Opens the training batches of an epoch, counted from 0. */
  readonly train: (epoch: number) => AsyncIterable<PairBatch>;
  /** Opens the dev batches. */
  readonly dev: () => AsyncIterable<PairBatch>;
  readonly epochs: number;
  /** What the learning rate is multiplied by after an epoch whose dev loss was no new lowest; default 0.5. */
  readonly decay?: number;
  /** Epochs in a row without a new best before training stops; default 5. */
  readonly patience?: number;
  /** Stops training before its next step; the best so far is kept. */
  readonly signal?: AbortSignal;
  /** Hears of every step and epoch, as it ends. */
  readonly onRecord?: (record: TrainRecord) => void;
  /** Called with each new best, while the model has its weights: the moment to save it. */
  readonly onBest?: (best: Best) => void | Promise<void>;
}

export type TrainRecord = StepRecord | EpochRecord;

export interface StepRecord {
  readonly type: 'step';
  /** Counted from 1. */
  readonly epoch: number;
  /** Counted from 1 over all epochs. */
  readonly step: number;
  /** Mean over the batch. */
  readonly loss: number;
  readonly learningRate: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Pairs in the batch. */
  readonly examples: number;
  /** Seconds that the step waited for its batch. */
  readonly dataWaitSeconds: number;
}

export interface EpochRecord {
  readonly type: 'epoch';
  readonly epoch: number;
  /** Mean over the epoch's pairs, as they were trained on. */
  readonly trainLoss: number;
  /** The same for accuracy; a distance head has none before its thresholds. */
  readonly trainAccuracy?: number;
  readonly devLoss: number;
  readonly devAccuracy: number;
  /** Of training, the time for data included and that for the dev split not. */
  readonly pairsPerSecond: number;
  readonly dataWaitSeconds: number;
  /** Whether no epoch before was as good. */
  readonly best: boolean;
}

/** The epoch of the highest dev accuracy; of equal ones that of the lower loss, then the earlier. */
export interface Best {
  readonly epoch: number;
  readonly dev: Evaluation;
  /** For a distance head, learnt on the training split with the weights of this epoch. */
  readonly thresholds?: Thresholds;
}

export interface TrainResult {
  /** Absent when training was aborted within the first epoch. */
  readonly best?: Best;
  /** Epochs that came to their end. */
  readonly epochs: number;
  /** `finished` all epochs, lost `patience`, or `aborted` by the signal. */
  readonly ended: 'finished' | 'patience' | 'aborted';
}

/**
 * Trains a model and leaves it with the weights of its best epoch.
 *
 * With the same model seed and the same batches every loss is the same.
 *
 * @throws MillraceError `MILLRACE_BAD_RECORD` for an empty split or a training pair without a label, `MILLRACE_USAGE`
 *   when the loss is no longer a number
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { model, epochs, patience = 5, decay = 0.5, signal } = options;
  compile(model, options);
  for (const layer of model.layers) if (layer instanceof SeededDropout) layer.step = 0;
  const optimizer = model.optimizer as ClippedAdam;
  const dataset = toDataset((epoch) => untilAborted(options.train(epoch), signal), { head: headOf(model) });

  let best: Best | undefined;
  let bestWeights: Float32Array[] = [];
  let lowestLoss = Number.POSITIVE_INFINITY;
  let epoch = 0;
  let ended: TrainResult['ended'] = 'finished';
  try {
    while (epoch < epochs) {
      const trained = await runEpoch(epoch + 1, dataset, options);
      const { dev, thresholds } = await assess(epoch, options);
      epoch++;
      const isBest = best === undefined || isBetter(dev, best.dev);
      options.onRecord?.({ ...trained, devLoss: dev.loss, devAccuracy: dev.accuracy, best: isBest });
      if (isBest) {
        best = { epoch, dev, ...(thresholds && { thresholds }) };
        bestWeights = await copyWeights(model);
        await options.onBest?.(best);
      } else if (epoch - best!.epoch >= patience) {
        ended = 'patience';
        break;
      }
      if (dev.loss < lowestLoss) lowestLoss = dev.loss;
      else optimizer.learningRate *= decay;
    }
  } catch (error) {
    if (!isAbort(error, signal)) throw error;
    ended = 'aborted';
  }
  if (best) restoreWeights(model, bestWeights);
  return { epochs: epoch, ended, ...(best && { best }) };
}

type TrainedEpoch = Omit<EpochRecord, 'devLoss' | 'devAccuracy' | 'best'>;

async function runEpoch(
  epoch: number,
  dataset: AsyncIterable<PairExample>,
  { model, onRecord }: TrainOptions,
): Promise<TrainedEpoch> {
  const optimizer = model.optimizer as ClippedAdam;
  const start = performance.now();
  let asked = start;
  let [loss, right, pairs, waited] = [0, 0, 0, 0];
  for await (const { xs, ys } of dataset) {
    const dataWaitSeconds = (performance.now() - asked) / 1000;
    const examples = ys.shape[0];
    const [batchLoss, batchAccuracy] = await trainOnBatch(model, { xs, ys });
    waited += dataWaitSeconds;
    pairs += examples;
    loss += batchLoss * examples;
    right += (batchAccuracy ?? 0) * examples;
    const [gradientNorm] = await optimizer.gradientNorm!.data<'float32'>();
    const { learningRate, iterations: step } = optimizer;
    onRecord?.({
      type: 'step',
      epoch,
      step,
      loss: batchLoss,
      learningRate,
      gradientNorm: gradientNorm!,
      examples,
      dataWaitSeconds,
    });
    asked = performance.now();
  }
  return {
    type: 'epoch',
    epoch,
    trainLoss: loss / pairs,
    ...(headOf(model) === 'classifier' && { trainAccuracy: right / pairs }),
    pairsPerSecond: pairs / ((performance.now() - start) / 1000),
    dataWaitSeconds: waited,
  };
}

/** One step; the loss and, with the classifier, the accuracy of the batch before it. */
async function trainOnBatch(model: LayersModel, { xs, ys }: PairExample): Promise<[number, number?]> {
  try {
    const figures = [await model.trainOnBatch(xs, ys)].flat() as [number, number?];
    checkLoss(figures[0]);
    return figures;
  } finally {
    dispose([xs.premise, xs.hypothesis, ys]);
  }
}

/** How good the model is now; a distance head first learns its thresholds from the training split. */
async function assess(epoch: number, { model, train, dev, signal }: TrainOptions) {
  const thresholds =
    headOf(model) === 'distance' ? await fitThresholds(model, untilAborted(train(epoch), signal)) : undefined;
  const figures = await evaluate(model, untilAborted(dev(), signal), thresholds);
  checkLoss(figures.loss);
  return { dev: figures, thresholds };
}

function checkLoss(loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new MillraceError('MILLRACE_USAGE', 'Training ran away: the loss is no longer a number', {
    found: loss,
    hint: 'Try a lower learning rate',
  });
}

async function fitThresholds(model: LayersModel, batches: AsyncIterable<PairBatch>): Promise<Thresholds> {
  const scores: number[] = [];
  const labels: number[] = [];
  for await (const { batch, outputs } of infer(model, batches)) {
    scores.push(...outputs);
    labels.push(...batch.labels);
  }
  return learnThresholds(scores, labels);
}

/** Whether it is the signal that ended things, and no failure of its own at the same time. */
function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  if (!signal?.aborted) return false;
  if (error instanceof MillraceError) return error.code === 'MILLRACE_ABORTED' || error === signal.reason;
  // Node's own functions throw an AbortError of theirs, whatever the reason.
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}

function isBetter(one: Evaluation, other: Evaluation): boolean {
  return one.accuracy > other.accuracy || (one.accuracy === other.accuracy && one.loss < other.loss);
}

/** Throws the signal's reason instead of the next batch, which closes the source. */
async function* untilAborted(batches: AsyncIterable<PairBatch>, signal?: AbortSignal): AsyncGenerator<PairBatch, void> {
  signal?.throwIfAborted();
  for await (const batch of batches) {
    yield batch;
    // Work on batches that are all in memory never leaves Node's queue of promises, and then no signal gets through.
    await setImmediate();
    signal?.throwIfAborted();
  }
}

async function copyWeights(model: LayersModel): Promise<Float32Array[]> {
  return Promise.all(model.getWeights().map(async (weight) => (await weight.data<'float32'>()).slice()));
}

function restoreWeights(model: LayersModel, values: readonly Float32Array[]): void {
  tidy(() => model.setWeights(values.map((value, i) => tensor(value, model.weights[i]!.shape as number[]))));
}
