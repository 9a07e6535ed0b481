import { mul, softmax, sum, tensor, tensor2d, losses as tfLosses, variable } from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model } from '@tensorflow/tfjs-layers';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import { headOf, losses } from '../../models/heads.ts';
import { MillraceError } from '../../pipeline/errors.ts';
import { distance, tapeGradients } from './helpers.ts';

const TARGETS = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [0, 0, 1],
];
const LOGITS = [
  [0.3, -1, 2],
  [40, 0, -40],
  [30, 30, -30],
  [5, 5, 5],
];

for (const engine of ['cpu', 'wasm'] as const) {
  test.serial(`${engine}: cross-entropy of probabilities is that of logits, and so is its gradient`, async (t) => {
    await startEngine(engine);
    const targets = tensor2d(TARGETS);
    const logits = variable(tensor2d(LOGITS));
    const ours = () => losses.classifier(targets, softmax(logits));
    const theirs = () => mul(tfLosses.softmaxCrossEntropy(targets, logits), 4);
    t.true(distance(sum(ours()).dataSync(), theirs().dataSync()) < 1e-4);
    t.true(distance(tapeGradients(ours, [logits])[0]!, tapeGradients(theirs, [logits])[0]!) < 1e-6);
  });
}

test.serial('a probability of 0 costs much, and not infinitely', async (t) => {
  await startEngine('cpu');
  const [loss] = losses.classifier(tensor([[1, 0, 0]]), tensor([[0, 1, 0]])).dataSync();
  t.true(loss! > 80 && loss! < 90);
});

test.serial('the distance head pays the square of its error', async (t) => {
  await startEngine('cpu');
  t.deepEqual([...losses.distance(tensor([[10], [-10]]), tensor([[7], [-10]])).dataSync()], [9, 0]);
});

test.serial('a head is known by its width, and another width is an error', async (t) => {
  await startEngine('cpu');
  const ofWidth = (units: number): LayersModel => {
    const inputs = input({ shape: [2] });
    const outputs = layers.dense({ units }).apply(inputs) as ReturnType<typeof input>;
    return model({ inputs, outputs });
  };
  t.is(headOf(ofWidth(3)), 'classifier');
  t.is(headOf(ofWidth(1)), 'distance');
  const error = t.throws(() => headOf(ofWidth(2)), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_SHAPE');
});
