import { cast, mul, type Tensor, tensor, variable } from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../../engine/index.ts';
import type { RecurrentCell, Returns } from '../../../engine/recurrence.ts';
import { RecurrentLayer } from '../../../models/layers/recurrent-layer.ts';
import { MillraceError } from '../../../pipeline/errors.ts';
import { plainSequence } from '../../engine/plain-recurrence.ts';
import { distance, finiteDifferences, randomTensor, tapeGradients, variablesOf } from '../helpers.ts';

const [BATCH, LENGTH, SIZE, UNITS] = [3, 5, 4, 3];

/** Words with padding at the end, in the middle and throughout. */
const MASK = [
  [1, 1, 1, 1, 1],
  [1, 0, 1, 1, 0],
  [0, 0, 0, 0, 0],
];
const mask = () => cast(tensor(MASK), 'bool');

const CELLS: readonly RecurrentCell[] = ['lstm', 'gru', 'tanh', 'relu'];

function layerOf(cell: RecurrentCell, bidirectional: boolean, returns: Returns): RecurrentLayer {
  const layer = new RecurrentLayer({ cell, units: UNITS, bidirectional, returns, seed: 5 });
  layer.build([null, null, SIZE]);
  layer.setWeights(layer.weights.map(({ shape }, i) => randomTensor(shape as number[], 10 + i)));
  return layer;
}

function run(layer: RecurrentLayer, words: Tensor): Tensor {
  return layer.apply(words, { mask: mask() }) as Tensor;
}

/** The same by equations in float64, one number at a time. */
function plainly(layer: RecurrentLayer, words: Tensor): number[] {
  const { cell, returns, bidirectional } = layer;
  const weights = layer.weights.map((weight) => weight.read().dataSync());
  const perDirection = weights.length / (bidirectional ? 2 : 1);
  const shape = { cell, returns, batch: BATCH, length: LENGTH, size: SIZE, units: UNITS };
  const directions = Array.from({ length: bidirectional ? 2 : 1 }, (_, index) =>
    plainSequence({ ...shape, mask: MASK.flat().map(Boolean), reverse: index === 1 }, [
      words.dataSync(),
      ...weights.slice(index * perDirection, (index + 1) * perDirection),
    ]),
  );
  const rows = (returns === 'last' ? 1 : LENGTH) * BATCH;
  return Array.from({ length: rows }, (_, row) =>
    directions.flatMap((states) => states.slice(row * UNITS, (row + 1) * UNITS)),
  ).flat();
}

for (const engine of ['cpu', 'wasm'] as const) {
  for (const bidirectional of [false, true]) {
    const directions = bidirectional ? 'both directions' : 'one direction';
    test.serial(`${engine}: every cell in ${directions} is its equations, and padding is passed over`, async (t) => {
      await startEngine(engine);
      const words = randomTensor([BATCH, LENGTH, SIZE], 1);
      for (const cell of CELLS) {
        for (const returns of ['last', 'states'] as const) {
          const layer = layerOf(cell, bidirectional, returns);
          const output = run(layer, words);
          t.deepEqual(output.shape, layer.computeOutputShape([BATCH, LENGTH, SIZE]));
          t.true(distance(output.dataSync(), plainly(layer, words)) < 1e-5, `${cell}, ${returns}`);
          t.is(layer.computeMask(words, mask()) !== null, returns === 'states');
        }
      }
    });
  }
}

test.serial('gradients of both directions are finite differences', async (t) => {
  await startEngine('wasm');
  const layer = layerOf('lstm', true, 'states');
  const words = variable(randomTensor([BATCH, LENGTH, SIZE], 1));
  const weight = randomTensor([BATCH, LENGTH, 2 * UNITS], 2);
  const loss = () => mul(run(layer, words), weight);
  const variables = [words, ...variablesOf(layer)];
  const [found, numeric] = [tapeGradients(loss, variables), finiteDifferences(loss, variables)];
  for (const [i, { name }] of variables.entries()) {
    t.true(distance(found[i]!, numeric[i]!) < 5e-3, name);
    t.true(Math.max(...numeric[i]!.map(Math.abs)) > 0.02, `${name} has a gradient at all`);
  }
});

test.serial('weights start small and seeded, and the gate that forgets starts open', async (t) => {
  await startEngine('cpu');
  const weightsOf = (seed: number) => {
    const layer = new RecurrentLayer({ cell: 'lstm', units: 25, bidirectional: true, returns: 'last', seed });
    layer.build([null, null, 7]);
    return layer.weights.map((weight) => [weight.name.replace(/_\d+$/, ''), [...weight.read().dataSync()]] as const);
  };
  const weights = weightsOf(1);
  t.deepEqual(weights, weightsOf(1));
  t.notDeepEqual(weights[0], weightsOf(2)[0]);
  t.notDeepEqual(weights[0]![1], weights[3]![1]);
  for (const [name, values] of weights) {
    if (name.includes('bias')) {
      t.deepEqual(
        values,
        Array.from({ length: 100 }, (_, i) => (i >= 25 && i < 50 ? 1 : 0)),
      );
    } else {
      t.true(Math.max(...values.map(Math.abs)) <= 0.2);
      t.true(Math.max(...values) > 0.19);
    }
  }
});

test.serial('words without a mask are an error', async (t) => {
  await startEngine('cpu');
  const layer = layerOf('gru', false, 'last');
  const error = t.throws(() => layer.apply(randomTensor([BATCH, LENGTH, SIZE], 1)), { instanceOf: MillraceError });
  t.is(error?.code, 'MILLRACE_SHAPE');
});
