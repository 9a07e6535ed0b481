/** Steps of training the simple RNN, beside the fastest that the engine's matrix product could make them. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { type EngineName, startEngine } from '../../engine/index.ts';
import {
  buildSimpleRnn,
  idsToLearnFrom,
  type StepRecord,
  shuffledBatches,
  tokensToLearnFrom,
  train,
} from '../../models/index.ts';
import { LABELS, type PairBatch, Vocabulary } from '../../stages/index.ts';
import { measure, type PassFigures, passOptions } from './pass.ts';
import { type TokensOptions, tokensOf } from './tokens.ts';

export interface TrainOptions extends TokensOptions {
  readonly engine: EngineName | 'auto';
  readonly steps: number;
  readonly embeddingSize: number;
  readonly hiddenSize: number;
  readonly batchSize: number;
}

export interface TrainFigures extends PassFigures {
  readonly engine: string;
  readonly steps: number;
  readonly words: number;
  readonly parameters: number;
  readonly stepMilliseconds: number;
  readonly pairsPerSecond: number;
  /** Share of the time that the steps waited for their batches; the first one's wait is apart. */
  readonly dataWaitShare: number;
  readonly firstBatchSeconds: number;
  /** The most billions of operations a second that a matrix product of the engine did. */
  readonly peakGflops: number;
  /** What a step's products alone would take at that rate. */
  readonly floorMilliseconds: number;
}

/** Steps before the clock starts: compilers and caches get warm. */
const WARM_UP = 10;

const { engine: asked, steps, embeddingSize, hiddenSize, batchSize, ...source } = passOptions<TrainOptions>();
const { name: engine } = await startEngine(asked);
const peakGflops = await peakOfProducts();
const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-train-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const tokens = tokensToLearnFrom(tokensOf(source)).cache(folder);
const vocabulary = await Vocabulary.build(tokens);

await measure(async () => {
  const model = buildSimpleRnn({ vocabularySize: vocabulary.size, embeddingSize, hiddenSize, seed: 1 });
  const enough = new AbortController();
  const batches: PairBatch[] = [];
  const times: number[] = [];
  const records: StepRecord[] = [];
  await train({
    model,
    train: (epoch) =>
      shuffledBatches(idsToLearnFrom(tokens, vocabulary), { size: batchSize }, epoch).tap(
        (batch) => void batches.push(batch),
      ),
    dev: () => [] as never,
    epochs: 1,
    signal: enough.signal,
    onRecord: (record) => {
      if (record.type !== 'step') return;
      times.push(performance.now());
      records.push(record);
      if (records.length === WARM_UP + steps) enough.abort();
    },
  });
  const timed = records.slice(WARM_UP);
  const seconds = ((times.at(-1) as number) - (times[WARM_UP - 1] as number)) / 1000;
  const waited = timed.reduce((sum, { dataWaitSeconds }) => sum + dataWaitSeconds, 0);
  const pairs = timed.reduce((sum, { examples }) => sum + examples, 0);
  const flops = batches.slice(WARM_UP, WARM_UP + timed.length).reduce((sum, batch) => sum + flopsOf(batch), 0);
  return {
    engine,
    steps: timed.length,
    words: vocabulary.size,
    parameters: model.countParams(),
    stepMilliseconds: (1000 * seconds) / timed.length,
    pairsPerSecond: pairs / seconds,
    dataWaitShare: waited / seconds,
    firstBatchSeconds: records[0]?.dataWaitSeconds ?? 0,
    peakGflops,
    floorMilliseconds: flops / timed.length / (peakGflops * 1e6),
  };
});

/**
 * The products of a step: the cell's over all words, padding included, and the two of the head. The way back has two
 * for each of the way there.
 */
function flopsOf({ size, premise, hypothesis }: PairBatch): number {
  const cell = (embeddingSize + hiddenSize) * hiddenSize;
  const head = 4 * hiddenSize * hiddenSize + hiddenSize * LABELS.length;
  return 3 * 2 * size * ((premise.width + hypothesis.width) * cell + head);
}

/** The best of several products of square matrices, in billions of operations a second. */
async function peakOfProducts(): Promise<number> {
  const size = 768;
  const [a, b] = [tf.randomNormal([size, size]), tf.randomNormal([size, size])];
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 8; run++) {
    const start = performance.now();
    const product = tf.matMul(a, b);
    await product.data();
    best = Math.min(best, performance.now() - start);
    product.dispose();
  }
  tf.dispose([a, b]);
  return (2 * size ** 3) / best / 1e6;
}
