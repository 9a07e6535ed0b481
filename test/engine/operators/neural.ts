/** What networks are made of. */

import * as tf from '@tensorflow/tfjs-core';
import type { Operator } from './operator.ts';
import {
  build,
  combine,
  fold,
  get,
  map,
  mean,
  numbers,
  type Plain,
  permute,
  positive,
  product,
  sigmoid,
  softmax,
  sum,
  truths,
} from './plain.ts';

const x = numbers([3, 4]);
const plus = (a: number, b: number): number => a + b;
const times = (a: number, b: number): number => a * b;

/** One row a class that is right. */
const targets = build([3, 4], ([i, j]) => Number(j === [2, 0, 3][i!]));

/** Mean over all elements of a function of target and prediction. */
const meanOf = (f: (target: number, x: number) => number) => (x: Plain) => fold(combine(targets, x, f), [0, 1], mean);

/** Units of a step of a recurrent cell, and those that it reads. */
const [UNITS, READ, ROWS] = [3, 2, 2];

function part(x: Plain, index: number): Plain {
  return build([ROWS, UNITS], ([i, j]) => get(x, [i!, index * UNITS + j!]));
}

/** Long short-term memory (Hochreiter and Schmidhuber 1997), gates in the order input, forget, candidate, output. */
const lstm: Operator = {
  name: 'a step of an LSTM',
  inputs: [
    numbers([ROWS, READ]),
    numbers([ROWS, UNITS], 1),
    numbers([ROWS, UNITS], 2),
    numbers([READ + UNITS, 4 * UNITS], 3),
    numbers([4 * UNITS], 4),
  ],
  run: (word, hidden, cell, weights, bias) => {
    const gates = tf.add(tf.matMul(tf.concat([word!, hidden!], 1), weights!), bias!);
    const [input, forget, candidate, output] = tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const next = tf.add(tf.mul(tf.sigmoid(forget), cell!), tf.mul(tf.sigmoid(input), tf.tanh(candidate)));
    return [tf.mul(tf.sigmoid(output), tf.tanh(next)), next];
  },
  expect: (word, hidden, cell, weights, bias) => {
    const read = build([ROWS, READ + UNITS], ([i, j]) =>
      j! < READ ? get(word!, [i!, j!]) : get(hidden!, [i!, j! - READ]),
    );
    const gates = combine(product(read, weights!), bias!, plus);
    const [input, forget, candidate, output] = [0, 1, 2, 3].map((k) => part(gates, k)) as [Plain, Plain, Plain, Plain];
    const next = combine(
      combine(map(forget, sigmoid), cell!, times),
      combine(map(input, sigmoid), map(candidate, Math.tanh), times),
      plus,
    );
    return [combine(map(output, sigmoid), map(next, Math.tanh), times), next];
  },
};

/** Scaled dot-product attention (Vaswani et al. 2017) that leaves out padding. */
const attention: Operator = {
  name: 'attention with a mask',
  inputs: [
    numbers([2, 3, 4]),
    numbers([2, 5, 4], 1),
    numbers([2, 5, 3], 2),
    truths([2, 1, 5], [1, 1, 1, 0, 0, 1, 1, 1, 1, 0]),
  ],
  run: (queries, keys, values, mask) => {
    const scores = tf.mul(tf.matMul(queries!, keys!, false, true), 0.5);
    return tf.matMul(tf.softmax(tf.where(mask!, scores, tf.fill(scores.shape, -1e9))), values!);
  },
  expect: (queries, keys, values, mask) => {
    const scores = map(product(queries!, permute(keys!, [0, 2, 1])), (x) => x / 2);
    return product(softmax(combine(mask!, scores, (keep, x) => (keep ? x : -1e9))), values!);
  },
};

export const neural: readonly Operator[] = [
  { name: 'softmax', inputs: [x], run: (x) => tf.softmax(x), expect: softmax },
  { name: 'softmax of three axes', inputs: [numbers([2, 3, 4])], run: (x) => tf.softmax(x), expect: softmax },
  { name: 'logSoftmax', inputs: [x], run: (x) => tf.logSoftmax(x), expect: (x) => map(softmax(x), Math.log) },
  {
    name: 'losses.softmaxCrossEntropy',
    inputs: [x],
    run: (x) => tf.losses.softmaxCrossEntropy(tf.tensor([...targets.values], [3, 4]), x),
    expect: (x) =>
      map(
        fold(
          combine(targets, softmax(x), (y, p) => -y * Math.log(p)),
          [0, 1],
          sum,
        ),
        (x) => x / 3,
      ),
  },
  {
    name: 'losses.sigmoidCrossEntropy',
    inputs: [x],
    run: (x) => tf.losses.sigmoidCrossEntropy(tf.tensor([...targets.values], [3, 4]), x),
    expect: meanOf((y, x) => Math.log1p(Math.exp(x)) - y * x),
  },
  {
    name: 'losses.meanSquaredError',
    inputs: [x],
    run: (x) => tf.losses.meanSquaredError(tf.tensor([...targets.values], [3, 4]), x),
    expect: meanOf((y, x) => (y - x) ** 2),
  },
  {
    name: 'batchNorm',
    inputs: [x, numbers([4], 1), positive([4], 2), numbers([4], 3), numbers([4], 4)],
    run: (x, mean, variance, offset, scale) =>
      tf.batchNorm(x!, mean as tf.Tensor1D, variance as tf.Tensor1D, offset as tf.Tensor1D, scale as tf.Tensor1D),
    expect: (x, mean, variance, offset, scale) => {
      const deviation = map(variance!, (v) => Math.sqrt(v + 0.001));
      const normal = combine(
        combine(x!, mean!, (a, b) => a - b),
        deviation,
        (a, b) => a / b,
      );
      return combine(combine(normal, scale!, times), offset!, plus);
    },
  },
  lstm,
  attention,
  {
    name: 'dropout, seeded: some elements are 0, the others doubled',
    inputs: [positive([40])],
    run: (x) => {
      const [kept, again] = [tf.div(tf.dropout(x, 0.5, undefined, 5), x), tf.div(tf.dropout(x, 0.5, undefined, 5), x)];
      const some = tf.cast(tf.logicalAnd(tf.any(tf.greater(kept, 1)), tf.any(tf.less(kept, 1))), 'float32');
      return [tf.mul(kept, tf.sub(kept, 2)), tf.sub(kept, again), some];
    },
    expect: () => [build([40], () => 0), build([40], () => 0), build([], () => 1)],
    gradient: false,
  },
  {
    name: 'randomUniform and randomNormal, seeded: within their range, and the same each time',
    inputs: [],
    run: () => {
      const uniform = (): tf.Tensor => tf.randomUniform([500], -2, 3, 'float32', 7);
      const normal = (): tf.Tensor => tf.randomNormal([500], 0, 1, 'float32', 7);
      const inside = tf.logicalAnd(tf.greaterEqual(uniform(), -2), tf.less(uniform(), 3));
      const near = tf.less(tf.abs(tf.mean(normal())), 0.2);
      return [tf.sub(uniform(), uniform()), tf.sub(normal(), normal()), tf.all(inside), near];
    },
    expect: () => [build([500], () => 0), build([500], () => 0), truths([], [1]), truths([], [1])],
    gradient: false,
  },
];
