/** One pass over the training batches, which can be left after any step and gone on with. */

import { setImmediate } from 'node:timers/promises';
import { dispose } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { MillraceError, Pipeline, type PipelineState } from '../pipeline/index.ts';
import type { PairBatch } from '../stages/records.ts';
import type { EpochProgress } from './checkpoint.ts';
import { nothingToLearnFrom, toExample } from './dataset.ts';
import { headOf } from './heads.ts';
import type { ClippedAdam } from './optimizer.ts';

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
  /**
   * Seconds from asking for the batch until it was there; all that is done for it on this thread then included. What is
   * made of an epoch while its beginning waits for other things, the dev split or a checkpoint, is no part of it.
   */
  readonly dataWaitSeconds: number;
}

/** What an epoch of training came to. */
export interface TrainedEpoch {
  readonly type: 'epoch';
  readonly epoch: number;
  /** Mean over the epoch's pairs, as they were trained on. */
  readonly trainLoss: number;
  /** The same for accuracy; a distance head has none before its thresholds. */
  readonly trainAccuracy?: number;
  /** Of training, the time for data included and that for the dev split not. */
  readonly pairsPerSecond: number;
  readonly seconds: number;
  /** Those of the seconds in which training waited for data. */
  readonly dataWaitSeconds: number;
}

/** An epoch under way. */
export class Epoch {
  readonly #model: LayersModel;
  readonly #number: number;
  readonly #batches: AsyncIterable<PairBatch>;
  readonly #resumed: PipelineState | undefined;
  #sums = { loss: 0, right: 0, pairs: 0, seconds: 0, dataWaitSeconds: 0 };
  #stepped = false;
  #opened:
    | { readonly iterator: AsyncIterator<PairBatch>; readonly first: Promise<IteratorResult<PairBatch>> }
    | undefined;

  /**
   * @param number counted from 1
   * @param batches the batches of this epoch; a {@link Pipeline}, if its progress is to be asked for
   * @param resumed the progress that this epoch had made in a training that it goes on from
   */
  constructor(model: LayersModel, number: number, batches: AsyncIterable<PairBatch>, resumed?: EpochProgress) {
    this.#model = model;
    this.#number = number;
    if (resumed === undefined) {
      this.#batches = batches;
      return;
    }
    const { batches: state, ...sums } = resumed;
    this.#batches = resumable(batches).resume(state);
    this.#resumed = state;
    this.#sums = sums;
  }

  /** Has the first batch made, so that it may be there when the steps begin. */
  open(): void {
    this.#open();
  }

  /** Leaves the batches as they are, whether there were steps or not. */
  async close(): Promise<void> {
    await this.#opened?.iterator.return?.();
  }

  /** Steps over the batches; each is told of, and awaits what it is told to. */
  async *steps(signal: AbortSignal | undefined): AsyncGenerator<StepRecord, void> {
    const { learningRate } = this.#model.optimizer as ClippedAdam;
    const before = this.#sums.seconds;
    const start = performance.now();
    let asked = start;
    signal?.throwIfAborted();
    for await (const batch of this.#made()) {
      const dataWaitSeconds = (performance.now() - asked) / 1000;
      const [loss, accuracy = 0] = await trainOnBatch(this.#model, batch);
      const { gradientNorm, iterations: step } = this.#model.optimizer as ClippedAdam;
      this.#stepped = true;
      this.#sums = {
        loss: this.#sums.loss + loss * batch.size,
        right: this.#sums.right + accuracy * batch.size,
        pairs: this.#sums.pairs + batch.size,
        seconds: before + (performance.now() - start) / 1000,
        dataWaitSeconds: this.#sums.dataWaitSeconds + dataWaitSeconds,
      };
      yield {
        type: 'step',
        epoch: this.#number,
        step,
        loss,
        learningRate,
        gradientNorm: (await gradientNorm!.data())[0]!,
        examples: batch.size,
        dataWaitSeconds,
      };
      // No part of the wait for data: what the event loop has to do comes due whether data are there or not.
      await turn(signal);
      asked = performance.now();
    }
    if (this.#sums.pairs === 0) throw nothingToLearnFrom();
  }

  async *#made(): AsyncGenerator<PairBatch, void> {
    const { iterator, first } = this.#open();
    try {
      for (let result = await first; !result.done; result = await iterator.next()) yield result.value;
    } finally {
      await iterator.return?.();
    }
  }

  #open() {
    if (this.#opened) return this.#opened;
    const iterator = this.#batches[Symbol.asyncIterator]();
    const first = iterator.next();
    // It is awaited when the steps begin; until then a failure must not count as unhandled.
    first.catch(() => {});
    this.#opened = { iterator, first };
    return this.#opened;
  }

  /** Where it is, between two steps; undefined while it is at its beginning. */
  get progress(): EpochProgress | undefined {
    // A pipeline that gave nothing is where it was resumed; it may not even have been opened.
    const batches = this.#stepped ? resumable(this.#batches).state() : this.#resumed;
    return batches && { ...this.#sums, batches };
  }

  get result(): TrainedEpoch {
    const { loss, right, pairs, seconds, dataWaitSeconds } = this.#sums;
    return {
      type: 'epoch',
      epoch: this.#number,
      trainLoss: loss / pairs,
      ...(headOf(this.#model) === 'classifier' && { trainAccuracy: right / pairs }),
      pairsPerSecond: pairs / seconds,
      seconds,
      dataWaitSeconds,
    };
  }
}

function resumable(batches: AsyncIterable<PairBatch>): Pipeline<PairBatch> {
  if (batches instanceof Pipeline) return batches as Pipeline<PairBatch>;
  throw new MillraceError('MILLRACE_USAGE', 'These training batches cannot tell where they are', {
    expected: 'a Pipeline',
    hint: 'Wrap them in Pipeline.from(), or train without checkpoints.',
  });
}

/** One step; the loss and, with the classifier, the accuracy of the batch before it. */
async function trainOnBatch(model: LayersModel, batch: PairBatch): Promise<[number, number?]> {
  const { xs, ys } = toExample(batch, headOf(model), model.inputNames);
  try {
    const figures = [await model.trainOnBatch(xs, ys)].flat() as [number, number?];
    checkLoss(figures[0]);
    return figures;
  } finally {
    dispose([...Object.values(xs), ys]);
  }
}

/** @throws MillraceError `MILLRACE_USAGE` for a loss that is no number */
export function checkLoss(loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new MillraceError('MILLRACE_USAGE', 'Training ran away: the loss is no longer a number', {
    found: loss,
    hint: 'Try a lower learning rate',
  });
}

/** Throws the signal's reason instead of the next batch, which closes the source. */
export async function* untilAborted(
  batches: AsyncIterable<PairBatch>,
  signal?: AbortSignal,
): AsyncGenerator<PairBatch, void> {
  signal?.throwIfAborted();
  for await (const batch of batches) {
    yield batch;
    await turn(signal);
  }
}

/**
 * A turn of the event loop. Work on batches that are all in memory never leaves Node's queue of promises, and then no
 * signal gets through and nothing is read ahead.
 */
async function turn(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}
