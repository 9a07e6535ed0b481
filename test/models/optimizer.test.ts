import {
  add,
  dispose,
  memory,
  mul,
  type Scalar,
  square,
  sub,
  sum,
  tensor,
  tidy,
  train,
  type Variable,
  variable,
} from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import { ClippedAdam } from '../../models/optimizer.ts';
import { buildSimpleRnn } from '../../models/simple-rnn.ts';
import { distance } from './helpers.ts';

/** The sum of (x - 2y)² + 3y². */
const loss = (x: Variable, y: Variable) => () =>
  tidy(() => sum(add(square(sub(x, mul(y, 2))), mul(square(y), 3))) as Scalar);

const start = (): [Variable, Variable] => [variable(tensor([3, -2])), variable(tensor([1, 4]))];

for (const engine of ['cpu', 'wasm'] as const) {
  test.serial(`${engine}: a gradient within the limit makes plain Adam's steps`, async (t) => {
    await startEngine(engine);
    const [ours, theirs] = [start(), start()];
    const clipped = new ClippedAdam({ learningRate: 0.1, maxGradientNorm: 1e6 });
    const plain = train.adam(0.1, 0.9, 0.999, 1e-8);
    for (let step = 0; step < 20; step++) {
      clipped.minimize(loss(...ours), false, ours);
      plain.minimize(loss(...theirs), false, theirs);
      for (const i of [0, 1] as const) t.true(distance(ours[i].dataSync(), theirs[i].dataSync()) < 1e-4);
    }
  });

  test.serial(`${engine}: a longer gradient is shortened to the limit, all weights as one vector`, async (t) => {
    await startEngine(engine);
    const weights = start();
    const optimizer = new ClippedAdam({ learningRate: 0.01, maxGradientNorm: 0.5 });
    // Two batches whose gradients differ in length, the oracle worked out in plain numbers.
    const values = weights.flatMap((weight) => [...weight.dataSync()]);
    const moments = values.map(() => ({ first: 0, second: 0 }));
    for (let step = 1; step <= 3; step++) {
      const [x0, x1, y0, y1] = values as [number, number, number, number];
      const [a, b] = [2 * (x0 - 2 * y0), 2 * (x1 - 2 * y1)];
      const gradient = [a, b, -2 * a + 6 * y0, -2 * b + 6 * y1];
      const norm = Math.hypot(...gradient);
      optimizer.minimize(loss(...weights), false, weights);
      t.true(Math.abs(optimizer.gradientNorm!.dataSync()[0]! - norm) < 1e-4 * norm);
      for (const [i, g] of gradient.map((g) => (g * 0.5) / norm).entries()) {
        const m = moments[i]!;
        m.first = 0.9 * m.first + 0.1 * g;
        m.second = 0.999 * m.second + 0.001 * g * g;
        values[i]! -= (0.01 * (m.first / (1 - 0.9 ** step))) / (Math.sqrt(m.second / (1 - 0.999 ** step)) + 1e-8);
      }
      t.true(
        distance(
          weights.flatMap((weight) => [...weight.dataSync()]),
          values,
        ) < 1e-4,
      );
    }
  });
}

test.serial('the learning rate can be set between steps', async (t) => {
  await startEngine('cpu');
  const weights = start();
  const optimizer = new ClippedAdam();
  optimizer.learningRate = 0;
  optimizer.minimize(loss(...weights), false, weights);
  t.deepEqual([...weights[0].dataSync()], [3, -2]);
});

test.serial('steps leave no tensor behind, and dispose() takes the moments too', async (t) => {
  await startEngine('cpu');
  const weights = start();
  const before = memory().numTensors;
  const optimizer = new ClippedAdam();
  optimizer.minimize(loss(...weights), false, weights);
  const afterFirst = memory().numTensors;
  for (let step = 0; step < 3; step++) optimizer.minimize(loss(...weights), false, weights);
  t.is(memory().numTensors, afterFirst);
  optimizer.dispose();
  t.is(memory().numTensors, before);
});

test.serial('word vectors of words that are not in the batch stay, whatever came before', async (t) => {
  await startEngine('wasm');
  const model = buildSimpleRnn({ vocabularySize: 12, embeddingSize: 4, hiddenSize: 8, seed: 1 });
  const vectors = model.getLayer('word_embedding').getWeights()[0] as Variable;
  // Two pairs: of one alone, batch normalization leaves nothing to learn from.
  const step = async (premises: number[][], hypotheses: number[][]) => {
    const inputs = { premise: tensor(premises), hypothesis: tensor(hypotheses) };
    const labels = tensor([
      [1, 0, 0],
      [0, 0, 1],
    ]);
    await model.trainOnBatch(inputs, labels);
    dispose([inputs.premise, inputs.hypothesis, labels]);
    return (await vectors.array()) as number[][];
  };
  const before = await step(
    [
      [2, 3],
      [5, 5],
    ],
    [
      [9, 2],
      [5, 3],
    ],
  );
  const after = await step(
    [
      [3, 7],
      [7, 7],
    ],
    [
      [7, 3],
      [3, 3],
    ],
  );
  const moved = after.flatMap((row, id) => (row.some((value, i) => value !== before[id]![i]) ? id : []));
  t.deepEqual(moved, [3, 7]);
  model.optimizer.dispose();
  model.dispose();
});
