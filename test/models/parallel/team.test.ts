import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import {
  dispose,
  KernelBackend,
  memory,
  registerBackend,
  removeBackend,
  setBackend,
  type Tensor,
  tensor,
  type Variable,
} from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model as modelOf, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import test from 'ava';
import { startEngine } from '../../../engine/index.ts';
import { assign, dropoutsOf } from '../../../models/checkpoint.ts';
import type { Goal } from '../../../models/goal.ts';
import { figuresOf, gradientsOf, type StepFigures, variablesToLearn } from '../../../models/gradients.ts';
import { compile, type PairModelConfig } from '../../../models/pair-model.ts';
import { split } from '../../../models/parallel/shards.ts';
import { buildSimpleRnn } from '../../../models/simple-rnn.ts';
import { type Trainer, trainerOf } from '../../../models/trainer.ts';
import { MillraceError } from '../../../pipeline/errors.ts';
import type { PairBatch } from '../../../stages/records.ts';
import { batchOf, distance, type IdPair, tinyPairs } from '../helpers.ts';

const CONFIG: PairModelConfig = { vocabularySize: 40, embeddingSize: 5, hiddenSize: 6, dropout: 0.3, seed: 2 };

/** Each batch has other words, more than the one before at last. */
const batchesOf = (...sizes: number[]) => sizes.map((size) => batchOf(tinyPairs(size, size, CONFIG.vocabularySize)));

const weightsOf = (model: LayersModel) => model.getWeights().map((weight) => weight.dataSync<'float32'>().slice());
const variablesOf = (model: LayersModel) => model.weights.map((weight) => weight.read() as Variable);

/** A step of several replicas, worked out here one after the other: means of what each part of the batch says alone. */
async function reckon(
  model: LayersModel,
  batch: PairBatch,
  workers: number,
  steps: number,
  goal?: Goal,
): Promise<StepFigures> {
  const before = weightsOf(model);
  const parts = split(batch, workers);
  const told: { figures: StepFigures; gradients: Float32Array[]; weights: Float32Array[] }[] = [];
  for (const [replica, part] of parts.entries()) {
    assign(variablesOf(model), before);
    for (const layer of dropoutsOf(model)) Object.assign(layer, { replica, step: steps });
    const found = gradientsOf(model, part, 1, goal);
    const gradients = Object.values(found.gradients).map((gradient) => gradient.dataSync<'float32'>().slice());
    dispose(found.gradients);
    told.push({ figures: await figuresOf(found), gradients, weights: weightsOf(model) });
  }
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value, i) => sum + value * (parts[i]!.size / batch.size), 0);
  const means = (lists: readonly (readonly Float32Array[])[]) =>
    lists[0]!.map((list, i) => list.map((_, k) => mean(lists.map((of) => of[i]![k]!))));
  assign(variablesOf(model), means(told.map(({ weights }) => weights)));
  const gradients = means(told.map((part) => part.gradients));
  const named = variablesToLearn(model).map(({ name, shape }, i) => [name, tensor(gradients[i]!, shape)] as const);
  model.optimizer.applyGradients(Object.fromEntries(named));
  dispose(named.map(([, gradient]) => gradient as Tensor));
  const [{ figures }] = told as [(typeof told)[0]];
  return {
    loss: mean(told.map(({ figures }) => figures.loss)),
    ...(figures.accuracy !== undefined && { accuracy: mean(told.map(({ figures }) => figures.accuracy!)) }),
  };
}

/** Steps of a fresh model. */
async function course(
  batches: readonly PairBatch[],
  workers: number,
  config: Partial<PairModelConfig> = {},
  goal?: Goal,
) {
  const model = buildSimpleRnn({ ...CONFIG, ...config });
  const trainer = trainerOf(model, workers, goal);
  try {
    const figures: StepFigures[] = [];
    for (const batch of batches) figures.push(await trainer.step(batch));
    return { figures, weights: weightsOf(model) };
  } finally {
    await trainer.close();
  }
}

/** What a trainer of two fails with, once its thread has been got at; it is closed then, and the thread has ended. */
async function failure(model: LayersModel, harm: (thread: Worker, trainer: Trainer) => Promise<unknown>) {
  const trainer = trainerOf(model, 2);
  const [thread] = (await once(process, 'worker')) as [Worker];
  const ended = new Promise((resolve) => thread.once('exit', resolve));
  try {
    await harm(thread, trainer);
    return undefined;
  } catch (error) {
    return error as MillraceError;
  } finally {
    await Promise.all([trainer.close(), ended]);
  }
}

test.before(async () => {
  await startEngine('wasm');
});

for (const head of ['classifier', 'distance'] as const) {
  test.serial(`${head}: a step of two is the mean of what they say of their parts, to the byte`, async (t) => {
    // Shares that are powers of two: no product with them is rounded.
    const batches = batchesOf(8, 2, 1, 16);
    const model = buildSimpleRnn({ ...CONFIG, head });
    const expected: StepFigures[] = [];
    for (const [i, batch] of batches.entries()) expected.push(await reckon(model, batch, 2, i));
    const { figures, weights } = await course(batches, 2, { head });
    t.deepEqual(figures, expected);
    t.deepEqual(weights, weightsOf(model));
  });
}

test.serial('odd batches and three replicas: the same but for rounding', async (t) => {
  const batches = batchesOf(7, 2, 11);
  const model = buildSimpleRnn(CONFIG);
  const expected: StepFigures[] = [];
  for (const [i, batch] of batches.entries()) expected.push(await reckon(model, batch, 3, i));
  const first = await course(batches, 3);
  for (const [i, { loss, accuracy }] of first.figures.entries()) {
    t.true(Math.abs(loss - expected[i]!.loss) < 1e-5, `${loss}`);
    t.true(Math.abs(accuracy! - expected[i]!.accuracy!) < 1e-6);
  }
  for (const [i, weights] of weightsOf(model).entries()) t.true(distance(first.weights[i]!, weights) < 1e-4);
  t.notDeepEqual((await course(batches, 1)).weights, first.weights);
});

test.serial('class weights weigh the pairs of every part', async (t) => {
  const batches = batchesOf(6, 12);
  const goal: Goal = { target: 'label', classWeights: [0.5, 3, 1] };
  const model = buildSimpleRnn(CONFIG);
  const expected: StepFigures[] = [];
  for (const [i, batch] of batches.entries()) expected.push(await reckon(model, batch, 2, i, goal));
  const { figures, weights } = await course(batches, 2, {}, goal);
  t.deepEqual(figures, expected);
  t.deepEqual(weights, weightsOf(model));
});

test.serial('scores go to every part', async (t) => {
  const pairs = tinyPairs(12, 4).map(([p, h, label], row): IdPair => [p, h, label, row / 3]);
  const batches = [batchOf(pairs.slice(4)), batchOf(pairs.slice(0, 4)), batchOf(pairs)];
  const goal: Goal = { target: 'score' };
  const model = buildSimpleRnn({ ...CONFIG, head: 'distance' });
  const expected: StepFigures[] = [];
  for (const [i, batch] of batches.entries()) expected.push(await reckon(model, batch, 2, i, goal));
  const { figures, weights } = await course(batches, 2, { head: 'distance' }, goal);
  t.deepEqual(figures, expected);
  t.deepEqual(weights, weightsOf(model));
});

test.serial('on the cpu engine, and with words that have no table, it is the same', async (t) => {
  await startEngine('cpu');
  try {
    const batches = batchesOf(4, 8);
    const config = { embeddingSize: 'one-hot', hiddenSize: 3 } as const;
    const model = buildSimpleRnn({ ...CONFIG, ...config });
    for (const [i, batch] of batches.entries()) await reckon(model, batch, 2, i);
    t.deepEqual((await course(batches, 2, config)).weights, weightsOf(model));
  } finally {
    await startEngine('wasm');
  }
});

test.serial('no tensor is left behind in the main thread', async (t) => {
  const model = buildSimpleRnn(CONFIG);
  const trainer = trainerOf(model, 2);
  const [batch, odd] = batchesOf(6, 3) as [PairBatch, PairBatch];
  await trainer.step(batch);
  const before = memory().numTensors;
  for (let step = 0; step < 40; step++) await trainer.step(step % 2 === 0 ? odd : batch);
  t.is(memory().numTensors, before);
  const unlabelled = { ...batch, labels: batch.labels.map((label, row) => (row === 5 ? -1 : label)) };
  const error = await t.throwsAsync(trainer.step(unlabelled), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_BAD_RECORD');
  t.regex(error.message, /pairs\.jsonl:6: .*\(pair-5\)/);
  t.is(memory().numTensors, before);
  await trainer.close();
});

test.serial('a thread that ends is told of, with its cause, and nothing hangs', async (t) => {
  const before = memory().numTensors;
  const model = buildSimpleRnn(CONFIG);
  const [batch] = batchesOf(4) as [PairBatch];
  const error = await failure(model, async (thread, trainer) => {
    await trainer.step(batch);
    await Promise.all([trainer.step(batch), thread.terminate()]);
  });
  t.is(error?.code, 'MILLRACE_WORKER');
  t.regex(error!.message, /it ended with exit code 1/);
  model.optimizer.dispose();
  model.dispose();
  t.is(memory().numTensors, before);
});

test.serial('what cannot be made in a thread is a failure with its cause', async (t) => {
  class Unknown extends layers.Layer {
    static readonly className = 'Unknown';
  }
  const trained = buildSimpleRnn(CONFIG);
  const inputs = ['premise', 'hypothesis'].map((name) => input({ shape: [null], dtype: 'int32', name }));
  const output = new Unknown({}).apply(trained.apply(inputs) as SymbolicTensor);
  const strange = compile(modelOf({ inputs, outputs: output as SymbolicTensor }));
  const error = await failure(strange, async (_, trainer) => trainer.step(batchesOf(4)[0]!));
  t.is(error?.code, 'MILLRACE_WORKER');
  t.regex((error!.cause as Error).message, /Unknown layer: Unknown/);
});

test.serial('numbers of workers that cannot be are refused, and several on an engine that runs once', async (t) => {
  const model = buildSimpleRnn(CONFIG);
  for (const workers of [0, -1, 1.5, Number.NaN]) {
    t.is(t.throws(() => trainerOf(model, workers), { instanceOf: MillraceError }).code, 'MILLRACE_USAGE');
  }
  class Elsewhere extends KernelBackend {
    override dispose() {}
  }
  registerBackend('elsewhere', () => new Elsewhere());
  try {
    await setBackend('elsewhere');
    const error = t.throws(() => trainerOf(model, 2), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_USAGE');
    t.regex(error.message, /the engine wasm or cpu, found "2 workers on elsewhere"\. Choose --engine wasm/);
    await t.notThrowsAsync(trainerOf(model, 1).close());
  } finally {
    await setBackend('wasm');
    removeBackend('elsewhere');
  }
});
