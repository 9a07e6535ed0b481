/**
 * Every operation that training a recurrent classifier needs: values and gradients on wasm are those of the cpu
 * backend, and finite differences agree where both could be wrong together.
 */

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import { assertClose, normal, runOn } from './engines.ts';

type Operation = (x: tf.Tensor) => tf.Tensor;

const mask = (): tf.Tensor => tf.tensor2d([[1], [0], [1], [1]], [4, 1], 'bool');
const classes = (): tf.Tensor1D => tf.tensor1d([0, 2, 1, 0], 'int32');

/** Each takes a `[4, 6]` tensor of mixed signs. */
const operations: Record<string, Operation> = {
  add: (x) => tf.add(x, tf.slice(x, [0, 0], [1, 6])),
  sub: (x) => tf.sub(tf.slice(x, [0, 0], [4, 1]), x),
  mul: (x) => tf.mul(x, tf.slice(x, [1, 0], [1, 6])),
  div: (x) => tf.div(x, tf.add(tf.square(x), 1)),
  neg: (x) => tf.neg(x),
  abs: (x) => tf.abs(x),
  square: (x) => tf.square(x),
  sqrt: (x) => tf.sqrt(tf.add(tf.square(x), 0.1)),
  rsqrt: (x) => tf.rsqrt(tf.add(tf.square(x), 0.1)),
  pow: (x) => tf.pow(tf.add(tf.abs(x), 0.5), 3),
  exp: (x) => tf.exp(x),
  log: (x) => tf.log(tf.add(tf.abs(x), 0.5)),
  relu: (x) => tf.relu(x),
  elu: (x) => tf.elu(x),
  sigmoid: (x) => tf.sigmoid(x),
  tanh: (x) => tf.tanh(x),
  softplus: (x) => tf.softplus(x),
  softmax: (x) => tf.softmax(x),
  logSoftmax: (x) => tf.logSoftmax(x),
  maximum: (x) => tf.maximum(x, tf.mul(x, 0.5)),
  minimum: (x) => tf.minimum(x, 0.25),
  clipByValue: (x) => tf.clipByValue(x, -0.5, 0.5),
  'sum of all': (x) => tf.sum(x),
  'sum of rows': (x) => tf.sum(x, 0),
  'sum of columns': (x) => tf.sum(x, 1, true),
  'mean of all': (x) => tf.mean(x),
  'mean of rows': (x) => tf.mean(x, 0),
  'max of columns': (x) => tf.max(x, 1),
  'min of rows': (x) => tf.min(x, 0),
  norm: (x) => tf.norm(x),
  moments: (x) => tf.concat([tf.moments(x, 0).mean, tf.moments(x, 0).variance]),
  concat: (x) => tf.concat([x, tf.square(x), x], 1),
  slice: (x) => tf.slice(x, [1, 2], [2, 3]),
  split: (x) => tf.concat(tf.split(x, [1, 2, 3], 1).toReversed(), 1),
  stack: (x) => tf.stack([x, tf.square(x)], 1),
  unstack: (x) => tf.add(tf.unstack(x, 1)[3]!, tf.unstack(x, 1)[0]!),
  pad: (x) =>
    tf.pad(x, [
      [1, 0],
      [0, 2],
    ]),
  tile: (x) => tf.tile(x, [2, 3]),
  reshape: (x) => tf.square(tf.reshape(x, [2, 3, 4])),
  transpose: (x) => tf.transpose(tf.reshape(x, [2, 3, 4]), [2, 0, 1]),
  reverse: (x) => tf.mul(tf.reverse(x, 1), tf.range(0, 6)),
  where: (x) => tf.where(tf.broadcastTo(mask(), [4, 6]), x, tf.square(x)),
  'where, broadcast': (x) => tf.where(mask(), x, tf.zerosLike(x)),
  'masked by a product': (x) => tf.mul(x, tf.cast(mask(), 'float32')),
  gather: (x) => tf.gather(x, tf.tensor1d([3, 0, 3, 3, 1], 'int32')),
  'gather of columns': (x) => tf.gather(x, tf.tensor1d([5, 0, 5], 'int32'), 1),
  'a step of a cell': (x) => tf.relu(tf.matMul(tf.concat([x, tf.tanh(x)], 1), normal([12, 5], 3))),
  'a batch of products': (x) => tf.matMul(tf.reshape(x, [2, 2, 6]), tf.reshape(x, [2, 6, 2])),
  'cross entropy': (x) => tf.losses.softmaxCrossEntropy(tf.oneHot(classes(), 6), x),
  'sigmoid cross entropy': (x) => tf.losses.sigmoidCrossEntropy(tf.oneHot(classes(), 6), x),
  'mean squared error': (x) => tf.losses.meanSquaredError(tf.ones([4, 6]), x),
  'batch normalisation': (x) => {
    const [mean, variance] = [tf.mean(x, 0), tf.mean(tf.square(x), 0)] as [tf.Tensor1D, tf.Tensor1D];
    return tf.batchNorm(x, mean, variance, tf.range(0, 6), tf.range(1, 7));
  },
  dropout: (x) => tf.dropout(x, 0.5, undefined, 5),
};

for (const [name, operation] of Object.entries(operations)) {
  test.serial(name, async (t) => {
    const weighted: Operation = (x) => {
      const y = operation(x);
      return tf.sum(tf.mul(y, normal(y.shape, 11)));
    };
    const compute = (): tf.Tensor[] => [operation(normal([4, 6], 1)), tf.grad(weighted)(normal([4, 6], 1))];
    const onWasm = await runOn('wasm', compute);
    assertClose(t, onWasm, await runOn('cpu', compute), 1e-4);
    await agreesWithDifferences(weighted, onWasm[1]!.values, t.fail);
  });
}

/** Compares a gradient on wasm with central differences, one element in five. */
async function agreesWithDifferences(f: Operation, gradient: number[], fail: (reason: string) => void): Promise<void> {
  await startEngine('wasm');
  const step = 1e-2;
  const base = Array.from(tf.tidy(() => normal([4, 6], 1).dataSync()));
  const at = (element: number, by: number): number =>
    tf.tidy(
      () =>
        f(
          tf.tensor2d(
            base.map((value, i) => (i === element ? value + by : value)),
            [4, 6],
          ),
        ).dataSync()[0]!,
    );
  for (let element = 0; element < base.length; element += 5) {
    const difference = (at(element, step) - at(element, -step)) / (2 * step);
    const error = Math.abs(difference - gradient[element]!);
    if (!(error <= 0.02 * (1 + Math.abs(difference))))
      fail(`element ${element}: ${gradient[element]}, not ${difference}`);
  }
}

test.serial('Adam with clipping by global norm takes the same steps', async (t) => {
  const train = (): tf.Tensor[] => {
    const weights = tf.variable(normal([6, 3], 2));
    const bias = tf.variable(tf.zeros([3]));
    const optimizer = tf.train.adam(0.05);
    const losses: tf.Tensor[] = [];
    for (let step = 0; step < 5; step++) {
      const { value, grads } = tf.variableGrads(() => {
        const logits = tf.add(tf.matMul(normal([4, 6], step), weights), bias);
        return tf.losses.softmaxCrossEntropy(tf.oneHot(classes(), 3), logits) as tf.Scalar;
      });
      const norm = tf.sqrt(tf.addN(Object.values(grads).map((gradient) => tf.sum(tf.square(gradient)))));
      const scale = tf.div(0.5, tf.maximum(norm, 0.5));
      optimizer.applyGradients(Object.fromEntries(Object.entries(grads).map(([name, g]) => [name, tf.mul(g, scale)])));
      losses.push(value);
    }
    const result = [tf.stack(losses), tf.clone(weights), tf.clone(bias)];
    optimizer.dispose();
    tf.dispose([weights, bias]);
    return result;
  };
  assertClose(t, await runOn('wasm', train), await runOn('cpu', train), 1e-4);
});

test.serial(
  'a tf.layers model with embedding, recurrence, batch normalisation and dropout learns the same',
  async (t) => {
    const train = async (engine: 'wasm' | 'cpu'): Promise<number[]> => {
      await startEngine(engine);
      const seeded = (seed: number) => tfl.initializers.glorotUniform({ seed });
      const model = tfl.sequential({
        layers: [
          tfl.layers.embedding({ inputDim: 9, outputDim: 5, inputLength: 4, embeddingsInitializer: seeded(1) }),
          tfl.layers.gru({ units: 6, kernelInitializer: seeded(2), recurrentInitializer: seeded(3) }),
          tfl.layers.batchNormalization(),
          tfl.layers.dropout({ rate: 0.3, seed: 4 }),
          tfl.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: seeded(5) }),
        ],
      });
      model.compile({ optimizer: tf.train.adam(0.02), loss: 'sparseCategoricalCrossentropy' });
      const ids = tf.tensor2d([
        [1, 2, 3, 0],
        [4, 4, 2, 8],
        [7, 1, 0, 0],
        [5, 6, 7, 8],
      ]);
      const labels = tf.tensor1d([0, 1, 2, 0]);
      const history = await model.fit(ids, labels, { epochs: 6, batchSize: 2, shuffle: false, verbose: 0 });
      tf.dispose([ids, labels]);
      model.dispose();
      return history.history.loss as number[];
    };
    const onWasm = await train('wasm');
    const onCpu = await train('cpu');
    t.is(onWasm.length, 6);
    onWasm.forEach((loss, epoch) => {
      t.true(Math.abs(loss - onCpu[epoch]!) < 1e-3, `epoch ${epoch}: ${loss} on wasm, ${onCpu[epoch]} on cpu`);
    });
  },
);
