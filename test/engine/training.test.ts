/** Optimizers and layers of TensorFlow.js, which are made of the operations that `operators/` looks at one by one. */

import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import { assertClose, normal, runOn } from './engines.ts';

const classes = (): tf.Tensor1D => tf.tensor1d([0, 2, 1, 0], 'int32');

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
