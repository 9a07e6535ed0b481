import { cast, mul, type Tensor, tensor, variable } from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../../engine/index.ts';
import { Attend } from '../../../models/layers/attend.ts';
import { InnerAttention } from '../../../models/layers/inner-attention.ts';
import { MillraceError } from '../../../pipeline/errors.ts';
import { distance, finiteDifferences, randomTensor, tapeGradients, variablesOf } from '../helpers.ts';
import { plainSoftmax, rowsOf, times } from './plain-matrices.ts';

const [BATCH, LENGTH, SIZE, UNITS, VIEWS] = [3, 4, 5, 6, 2];
const MASK = [
  [1, 1, 1, 1],
  [0, 1, 1, 0],
  [0, 0, 0, 0],
];

function layerOf(): InnerAttention {
  const layer = new InnerAttention({ units: UNITS, views: VIEWS, seed: 3 });
  layer.build([null, null, SIZE]);
  layer.setWeights(layer.weights.map(({ shape }, i) => randomTensor(shape as number[], 10 + i)));
  return layer;
}

const look = (layer: InnerAttention, states: Tensor) =>
  layer.apply(states, { mask: cast(tensor(MASK), 'bool') }) as Tensor;

/** `A = softmax(W2 tanh(W1 Hᵀ))`, and `A H`, sentence by sentence in float64. */
function plainly(layer: InnerAttention, states: Tensor) {
  const [hidden, views] = layer.weights.map((weight) => rowsOf(weight.read().dataSync(), weight.shape[1]!));
  const sentences = rowsOf(states.dataSync(), LENGTH * SIZE).map((values) => rowsOf(values, SIZE));
  const weights = sentences.map((words, i) => {
    const scores = times(
      times(words, hidden!).map((row) => row.map(Math.tanh)),
      views!,
    );
    return Array.from({ length: VIEWS }, (_, view) =>
      plainSoftmax(
        scores.map((row) => row[view]!),
        MASK[i]!,
      ),
    );
  });
  return { weights, sums: weights.map((rows, i) => times(rows, sentences[i]!)) };
}

for (const engine of ['cpu', 'wasm'] as const) {
  test.serial(`${engine}: each view is a softmax over words alone, and their weighted sum`, async (t) => {
    await startEngine(engine);
    const layer = layerOf();
    const states = randomTensor([BATCH, LENGTH, SIZE], 1);
    const { weights, sums } = plainly(layer, states);
    const found = look(layer, states);
    t.deepEqual(found.shape, layer.computeOutputShape([BATCH, LENGTH, SIZE]));
    t.true(distance(found.dataSync(), weights.flat(2)) < 1e-6);
    const attended = new Attend({}).apply([found, states]) as Tensor;
    t.deepEqual(attended.shape, [BATCH, VIEWS, SIZE]);
    t.true(distance(attended.dataSync(), sums.flat(2)) < 1e-6);
  });
}

test.serial('gradients are finite differences, and 0 at padding', async (t) => {
  await startEngine('wasm');
  const layer = layerOf();
  const states = variable(randomTensor([BATCH, LENGTH, SIZE], 1));
  const weight = randomTensor([BATCH, VIEWS, SIZE], 2);
  const loss = () => mul(new Attend({}).apply([look(layer, states), states]) as Tensor, weight);
  const variables = [states, ...variablesOf(layer)];
  const [found, numeric] = [tapeGradients(loss, variables), finiteDifferences(loss, variables)];
  for (const [i, { name }] of variables.entries()) {
    t.true(distance(found[i]!, numeric[i]!) < 5e-3, name);
    t.true(Math.max(...numeric[i]!.map(Math.abs)) > 0.02, `${name} has a gradient at all`);
  }
  for (const [cell, gradient] of rowsOf(found[0]!, SIZE).entries()) {
    if (MASK.flat()[cell] === 0) t.deepEqual(gradient, Array(SIZE).fill(0));
  }
});

test.serial('weights are seeded, and states without a mask are an error', async (t) => {
  await startEngine('cpu');
  const weightsOf = (seed: number) => {
    const layer = new InnerAttention({ units: UNITS, views: VIEWS, seed });
    layer.build([null, null, SIZE]);
    return layer.getWeights().map((weight) => weight.arraySync());
  };
  t.deepEqual(weightsOf(1), weightsOf(1));
  t.notDeepEqual(weightsOf(1), weightsOf(2));
  const error = t.throws(() => layerOf().apply(randomTensor([1, 2, SIZE], 1)), { instanceOf: MillraceError });
  t.is(error?.code, 'MILLRACE_SHAPE');
});
