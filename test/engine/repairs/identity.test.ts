import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../../engine/index.ts';

test.serial('wasm: a clone shares the elements, and outlives what it was cloned from', async (t) => {
  await startEngine('wasm');
  const before = tf.memory();
  const x = tf.tensor([1, 2, 3]);
  const clone = x.clone();
  t.is(clone.dataId, x.dataId);
  t.is(tf.memory().numDataBuffers, before.numDataBuffers + 1);
  x.dispose();
  t.deepEqual([...clone.dataSync()], [1, 2, 3]);
  clone.dispose();
  t.is(tf.memory().numDataBuffers, before.numDataBuffers);
  t.is(tf.memory().numTensors, before.numTensors);
});

test.serial('wasm: a variable goes its own way from its clone', async (t) => {
  await startEngine('wasm');
  const variable = tf.variable(tf.tensor([1, 2, 3]));
  const clone = variable.clone();
  tf.tidy(() => variable.assign(tf.add(variable, 1)));
  t.deepEqual([...clone.dataSync()], [1, 2, 3]);
  t.deepEqual([...variable.dataSync()], [2, 3, 4]);
  tf.dispose([variable, clone]);
});

test.serial('wasm: what a gradient needs is not copied', async (t) => {
  await startEngine('wasm');
  const table = tf.variable(tf.ones([1000, 8]));
  const before = tf.memory();
  let made = 0;
  const { value, grads } = tf.variableGrads(() => {
    const rows = tf.gather(table, tf.tensor1d([3, 5], 'int32'));
    made = tf.memory().numDataBuffers - before.numDataBuffers;
    return tf.sum(rows);
  });
  // The indices and the rows, however often they and the table are kept.
  t.is(made, 2);
  tf.dispose([value, ...Object.values(grads)]);
  t.is(tf.memory().numDataBuffers, before.numDataBuffers);
});
