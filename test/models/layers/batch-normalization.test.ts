import { cast, mul, reshape, slice, type Tensor, tensor2d, transpose, variable } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import test from 'ava';
import { startEngine } from '../../../engine/index.ts';
import { BatchNormalization } from '../../../models/layers/batch-normalization.ts';
import { distance, finiteDifferences, randomTensor, tapeGradients, variablesOf } from '../helpers.ts';

/** Ours and that of TensorFlow.js, with one scale and shift for both. */
function both(): layers.Layer[] {
  const pair = [new BatchNormalization({}), layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 })];
  for (const layer of pair) {
    layer.build([null, 3]);
    layer.built = true;
    layer.setWeights([randomTensor([3], 1), randomTensor([3], 2), ...layer.getWeights().slice(2)]);
  }
  return pair;
}

const apply = (layer: layers.Layer, input: Tensor, training: boolean) => layer.apply(input, { training }) as Tensor;

for (const engine of ['cpu', 'wasm'] as const) {
  test.serial(`${engine}: it equals TensorFlow.js's own, in training and after it`, async (t) => {
    await startEngine(engine);
    const [ours, theirs] = both();
    for (let step = 0; step < 5; step++) {
      const input = randomTensor([16, 3], 10 + step);
      t.true(distance(apply(ours!, input, true).dataSync(), apply(theirs!, input, true).dataSync()) < 1e-5);
    }
    theirs!.setWeights(ours!.getWeights());
    const input = randomTensor([4, 3], 20);
    t.true(distance(apply(ours!, input, false).dataSync(), apply(theirs!, input, false).dataSync()) < 1e-5);
  });

  test.serial(`${engine}: the averages near the mean and variance of what the batches are drawn from`, async (t) => {
    await startEngine(engine);
    const [layer] = both();
    const [mean, variance] = [
      [0, 0, 0],
      [1, 1, 1],
    ];
    for (let step = 0; step < 3; step++) {
      const input = randomTensor([4, 3], 30 + step);
      apply(layer!, input, true);
      for (const [k, column] of (transpose(input).arraySync() as number[][]).entries()) {
        const batchMean = column.reduce((sum, x) => sum + x, 0) / 4;
        const unbiased = column.reduce((sum, x) => sum + (x - batchMean) ** 2, 0) / 3;
        mean![k] = 0.9 * mean![k]! + 0.1 * batchMean;
        variance![k] = 0.9 * variance![k]! + 0.1 * unbiased;
      }
    }
    const [, , averageMean, averageVariance] = layer!.getWeights();
    t.true(distance(averageMean!.dataSync(), mean!) < 1e-6);
    t.true(distance(averageVariance!.dataSync(), variance!) < 1e-6);
  });

  test.serial(`${engine}: its gradient is that of TensorFlow.js's own and of finite differences`, async (t) => {
    await startEngine(engine);
    const [ours, theirs] = both();
    const input = variable(randomTensor([5, 3], 3));
    const weight = randomTensor([5, 3], 4);
    const lossOf = (layer: layers.Layer) => () => mul(apply(layer, input, true), weight);
    const variables = [input, ...variablesOf(ours!)];
    const tape = tapeGradients(lossOf(ours!), variables);
    const oracle = tapeGradients(lossOf(theirs!), [input, ...variablesOf(theirs!)]);
    const numeric = finiteDifferences(lossOf(ours!), variables);
    for (const [i, gradient] of tape.entries()) {
      t.true(distance(gradient, oracle[i]!) < 1e-5);
      t.true(distance(gradient, numeric[i]!) < 5e-3);
      t.true(Math.max(...gradient.map(Math.abs)) > 0.05);
    }
  });
}

test.serial('one row, and equal rows, are normalised to the shift', async (t) => {
  await startEngine('cpu');
  const [layer] = both();
  const shift = layer!.getWeights()[1]!.dataSync();
  t.true(distance(apply(layer!, randomTensor([1, 3], 5), true).dataSync(), shift) < 1e-6);
  t.true(layer!.getWeights().every((weight) => weight.dataSync().every((x) => Number.isFinite(x))));
});

for (const engine of ['cpu', 'wasm'] as const) {
  test.serial(`${engine}: words are normalised without their padding`, async (t) => {
    await startEngine(engine);
    const present = [true, true, true, true, false, false];
    const isWord = cast(tensor2d(present.map(Number), [2, 3]), 'bool');
    const [padded, alone] = [both()[0]!, both()[0]!];
    const words = variable(randomTensor([2, 3, 3], 1));
    const only = variable(slice(reshape(words, [6, 3]), [0, 0], [4, 3]));
    const weight = randomTensor([4, 3], 2);
    const toPadded = (input: Tensor) =>
      slice(reshape(padded.apply(input, { training: true, mask: isWord }) as Tensor, [6, 3]), [0, 0], [4, 3]);
    t.true(distance(toPadded(words).dataSync(), apply(alone, only, true).dataSync()) < 1e-6);
    padded.getWeights().forEach((values, i) => {
      t.true(distance(values.dataSync(), alone.getWeights()[i]!.dataSync()) < 1e-6);
    });
    const found = tapeGradients(() => mul(toPadded(words), weight), [words, ...variablesOf(padded)]);
    const expected = tapeGradients(() => mul(apply(alone, only, true), weight), [only, ...variablesOf(alone)]);
    t.true(distance(found[0]!, [...expected[0]!, ...new Array(6).fill(0)]) < 1e-5);
    t.true(distance(found[1]!, expected[1]!) < 1e-5);
    t.true(distance(found[2]!, expected[2]!) < 1e-5);
  });
}
