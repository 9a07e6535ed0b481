/**
 * A step of training a sentence classifier: a recurrent network over 64 sentences of 20 words, whose vectors are given; a
 * linear layer, cross-entropy, the way back and Adam. With our engine, or with TensorFlow.js's wasm backend and layers as
 * they are published, whose backend has no gradient for a table of words.
 */
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { type RecurrentCell, startEngine } from '../../engine/index.ts';
import { ClippedAdam, RecurrentLayer } from '../../models/index.ts';
import { measure, type PassFigures, passOptions } from './pass.ts';

export interface EncoderStepOptions {
  readonly cell: Exclude<RecurrentCell, 'tanh'>;
  readonly embedSize: number;
  readonly hiddenSize: number;
  readonly steps: number;
  /** TensorFlow.js as published. */
  readonly stock: boolean;
}

export interface EncoderStepFigures extends PassFigures {
  /** The median. */
  readonly stepMilliseconds: number;
  /** Behind the last step, so that nobody measures steps that learn nothing. */
  readonly loss: number;
}

const [BATCH, LENGTH, CLASSES] = [64, 20, 3];

const { cell, embedSize, hiddenSize, steps, stock } = passOptions<EncoderStepOptions>();
if (stock) {
  await import('@tensorflow/tfjs-backend-wasm');
  await tf.setBackend('wasm');
} else await startEngine('wasm');

await measure(async () => {
  const words = tf.randomUniform([BATCH, LENGTH, embedSize], -1, 1, 'float32', 1) as tf.Tensor3D;
  const labels = tf.oneHot(
    tf.tensor1d(
      Array.from({ length: BATCH }, (_, i) => i % CLASSES),
      'int32',
    ),
    CLASSES,
  );
  const encoder = stock ? stockLayer() : new RecurrentLayer({ cell, units: hiddenSize, returns: 'last', seed: 1 });
  encoder.build([BATCH, LENGTH, embedSize]);
  const dense = tf.variable(tf.randomUniform([hiddenSize, CLASSES], -0.1, 0.1, 'float32', 2));
  const bias = tf.variable(tf.zeros([CLASSES]));
  const mask = tf.ones([BATCH, LENGTH], 'bool');
  const encode = () => encoder.call(words, stock ? {} : { mask }) as tf.Tensor2D;
  const loss = () =>
    tf.losses.softmaxCrossEntropy(labels, tf.add(tf.matMul(encode(), dense as tf.Tensor2D), bias)) as tf.Scalar;
  const variables = [...encoder.trainableWeights.map((weight) => weight.read() as tf.Variable), dense, bias];
  const optimizer = stock ? tf.train.adam(1e-3) : new ClippedAdam();
  const times: number[] = [];
  let last = 0;
  // The first one compiles.
  for (let step = 0; step <= steps; step++) {
    const start = performance.now();
    const { value, grads } = tf.variableGrads(loss, variables);
    // Its types ask for variables, and it takes gradients.
    optimizer.applyGradients(grads as Record<string, tf.Variable>);
    last = (await value.data())[0]!;
    tf.dispose([value, ...Object.values(grads)]);
    if (step > 0) times.push(performance.now() - start);
  }
  const sorted = times.sort((a, b) => a - b);
  return { stepMilliseconds: sorted[sorted.length >> 1]!, loss: last };
});

function stockLayer() {
  // The default one needs an operation that the backend has not.
  const args = { units: hiddenSize, recurrentInitializer: 'glorotUniform' as const };
  if (cell === 'lstm') return layers.lstm({ ...args, recurrentActivation: 'sigmoid' });
  return cell === 'gru'
    ? layers.gru({ ...args, recurrentActivation: 'sigmoid' })
    : layers.simpleRNN({ ...args, activation: 'relu' });
}
