import { dispose, memory, type Scalar } from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import { toDataset } from '../../models/dataset.ts';
import type { PairModelConfig } from '../../models/pair-model.ts';
import { buildSimpleRnn } from '../../models/simple-rnn.ts';
import { MillraceError } from '../../pipeline/errors.ts';
import { batchOf, distance, outputsOf, stream, tinyPairs } from './helpers.ts';

const CONFIG: PairModelConfig = { vocabularySize: 12, embeddingSize: 5, hiddenSize: 4, seed: 0 };

const BATCH = batchOf(tinyPairs(6, 1));

test.before(async () => {
  await startEngine('wasm');
});

test.serial('it is a LayersModel that sums itself up and predicts probabilities', (t) => {
  const model = buildSimpleRnn(CONFIG);
  const lines: string[] = [];
  model.summary(undefined, undefined, (line) => lines.push(String(line)));
  t.true(lines.some((line) => line.includes('encoder')));
  t.deepEqual(model.inputNames, ['premise', 'hypothesis']);
  const outputs = outputsOf(model, BATCH);
  t.is(outputs.length, 18);
  for (let row = 0; row < 6; row++) {
    const sum = outputs.slice(row * 3, row * 3 + 3).reduce((a, b) => a + b);
    t.true(Math.abs(sum - 1) < 1e-5);
  }
});

test.serial('what it says of a pair depends neither on padding nor on the other pairs', (t) => {
  for (const head of ['classifier', 'distance'] as const) {
    const model = buildSimpleRnn({ ...CONFIG, head });
    const all = outputsOf(model, BATCH);
    t.true(distance(outputsOf(model, batchOf(tinyPairs(6, 1), 4)), all) < 1e-6);
    const alone = tinyPairs(6, 1).flatMap((pair) => outputsOf(model, batchOf([pair])));
    t.true(distance(alone, all) < 1e-5, head);
  }
});

test.serial('the same seed, 0 too, gives the same model, and another seed another', (t) => {
  t.deepEqual(outputsOf(buildSimpleRnn(CONFIG), BATCH), outputsOf(buildSimpleRnn(CONFIG), BATCH));
  t.notDeepEqual(outputsOf(buildSimpleRnn({ ...CONFIG, seed: 1 }), BATCH), outputsOf(buildSimpleRnn(CONFIG), BATCH));
});

for (const head of ['classifier', 'distance'] as const) {
  test.serial(`${head}: fitDataset lowers the loss, evaluateDataset tells it, and neither leaks`, async (t) => {
    const model = buildSimpleRnn({ ...CONFIG, head });
    const dataset = toDataset(() => stream(BATCH, BATCH), { head });
    const lossNow = async () => {
      const figures = [await model.evaluateDataset(dataset, {})].flat() as Scalar[];
      const [loss] = figures[0]!.dataSync();
      dispose(figures);
      return loss!;
    };
    const before = await lossNow();
    await model.fitDataset(dataset, { epochs: 1, verbose: 0 });
    const tensors = memory().numTensors;
    await model.fitDataset(dataset, { epochs: 80, verbose: 0 });
    const after = await lossNow();
    t.true(after < before, `${after} < ${before}`);
    t.is(memory().numTensors, tensors);
  });
}

test.serial('initial word vectors are what it starts from, and frozen ones stay', async (t) => {
  const initialEmbeddings = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i));
  const model = buildSimpleRnn({ ...CONFIG, initialEmbeddings, freezeEmbeddings: true });
  const vectors = () => model.getLayer('word_embedding').getWeights()[0]!.dataSync();
  t.is(distance(vectors(), initialEmbeddings), 0);
  const trainable = buildSimpleRnn(CONFIG).trainableWeights.length;
  t.is(model.trainableWeights.length, trainable - 1);
  await model.fitDataset(
    toDataset(() => stream(BATCH)),
    { epochs: 2, verbose: 0 },
  );
  t.is(distance(vectors(), initialEmbeddings), 0);
});

test.serial('one-hot words work the same way', async (t) => {
  const model = buildSimpleRnn({ ...CONFIG, embeddingSize: 'one-hot' });
  const history = await model.fitDataset(
    toDataset(() => stream(BATCH)),
    { epochs: 30, verbose: 0 },
  );
  const losses = history.history.loss as number[];
  t.true(losses.at(-1)! < losses[0]!);
});

test.serial('word vectors of another size are an error', (t) => {
  const wrong = [
    { ...CONFIG, initialEmbeddings: new Float32Array(59) },
    { ...CONFIG, embeddingSize: 'one-hot' as const, initialEmbeddings: new Float32Array(60) },
  ];
  for (const config of wrong) {
    const error = t.throws(() => buildSimpleRnn(config), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_SHAPE');
  }
});
