import { cast, mul, ones, type Tensor, tensor, variable, zeros } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import test from 'ava';
import { startEngine } from '../../../engine/index.ts';
import { RNNCell } from '../../../models/layers/rnn-cell.ts';
import { RNNEncoder } from '../../../models/layers/rnn-encoder.ts';
import { MillraceError } from '../../../pipeline/errors.ts';
import { distance, finiteDifferences, randomTensor, tapeGradients, variablesOf } from '../helpers.ts';

const BATCH = 3;
const LENGTH = 5;
const SIZE = 4;
const UNITS = 3;

/** The encoder, TensorFlow.js's own loop over the same cell, and one set of weights for both. */
function encoders() {
  const encoder = new RNNEncoder({ units: UNITS, seed: 3 });
  const oracle = layers.rnn({ cell: new RNNCell({ units: UNITS, seed: 3 }) });
  for (const layer of [encoder, oracle]) {
    layer.build([null, null, SIZE]);
    layer.built = true;
    layer.setWeights([randomTensor([SIZE + UNITS, UNITS], 4), randomTensor([UNITS], 5)]);
  }
  return { encoder, oracle };
}

/** Words with padding at the end, in the middle and throughout. */
function someMask(): Tensor {
  const rows = [
    [1, 1, 1, 1, 1],
    [1, 0, 1, 1, 0],
    [0, 0, 0, 0, 0],
  ];
  return cast(tensor(rows), 'bool');
}

function run(layer: layers.Layer, words: Tensor, mask: Tensor): Tensor {
  return layer.apply(words, { mask }) as Tensor;
}

for (const engine of ['cpu', 'wasm'] as const) {
  test.serial(`${engine}: equals TensorFlow.js's own loop over the cell`, async (t) => {
    await startEngine(engine);
    const { encoder, oracle } = encoders();
    const words = randomTensor([BATCH, LENGTH, SIZE], 1);
    const [found, expected] = [encoder, oracle].map((layer) => run(layer, words, someMask()).dataSync());
    t.true(distance(found!, expected!) < 1e-6);
    t.true(Math.max(...expected!) > 0.1, 'the example is no trivial one');
  });

  test.serial(`${engine}: its gradient is that of the loop and of finite differences`, async (t) => {
    await startEngine(engine);
    const { encoder, oracle } = encoders();
    const words = variable(randomTensor([BATCH, LENGTH, SIZE], 1));
    const weight = randomTensor([BATCH, UNITS], 2);
    const [found, expected] = [encoder, oracle].map((layer) => {
      const loss = () => mul(run(layer, words, someMask()), weight);
      return tapeGradients(loss, [words, ...variablesOf(layer)]);
    });
    const loss = () => mul(run(encoder, words, someMask()), weight);
    const numeric = finiteDifferences(loss, [words, ...variablesOf(encoder)]);
    for (const [i, name] of ['words', 'input2hidden', 'bias'].entries()) {
      t.true(distance(found![i]!, expected![i]!) < 1e-5, `${name}, against the loop`);
      t.true(distance(found![i]!, numeric[i]!) < 5e-3, `${name}, against differences`);
      t.true(Math.max(...numeric[i]!.map(Math.abs)) > 0.1, `${name} has a gradient at all`);
    }
  });

  test.serial(`${engine}: padding changes nothing`, async (t) => {
    await startEngine(engine);
    const { encoder } = encoders();
    const words = randomTensor([1, 3, SIZE], 7);
    const alone = run(encoder, words, cast(ones([1, 3]), 'bool')).dataSync();

    // The same sentence in the middle of others, with columns of padding that hold anything but zeros.
    const wide = randomTensor([BATCH, 6, SIZE], 8).arraySync() as number[][][];
    const mask = ones([BATCH, 6]).arraySync() as number[][];
    wide[1]!.splice(0, 3, ...(words.arraySync() as number[][][])[0]!);
    mask[1]!.fill(0, 3);
    const together = run(encoder, tensor(wide), cast(tensor(mask), 'bool')).dataSync();
    t.true(distance(together.slice(UNITS, 2 * UNITS), alone) < 1e-6);
  });

  test.serial(`${engine}: a sentence without words is the state at the start`, async (t) => {
    await startEngine(engine);
    const { encoder } = encoders();
    const encoding = run(encoder, randomTensor([1, 2, SIZE], 1), cast(zeros([1, 2]), 'bool'));
    t.deepEqual([...encoding.dataSync()], [0, 0, 0]);
  });
}

test.serial('without a mask it says what is missing', async (t) => {
  await startEngine('cpu');
  const error = t.throws(() => encoders().encoder.apply(randomTensor([1, 2, SIZE], 1)), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_SHAPE');
});
