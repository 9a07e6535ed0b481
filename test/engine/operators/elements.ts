/** Operations on each element by itself. */

import * as tf from '@tensorflow/tfjs-core';
import type { Operator } from './operator.ts';
import { combine, integers, map, numbers, positive, sigmoid, truths } from './plain.ts';

const x = numbers([3, 4]);
const column = numbers([3, 1], 1);
const row = numbers([4], 2);

/** The error function, by its series: enough terms for |x| up to 2. */
function erf(x: number): number {
  let [term, total] = [x, x];
  for (let n = 1; n < 40; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

const one = (name: string, run: (x: tf.Tensor) => tf.Tensor, value: (x: number) => number, input = x): Operator => ({
  name,
  inputs: [input],
  run,
  expect: (x) => map(x, value),
});

const two = (
  name: string,
  run: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  value: (a: number, b: number) => number,
  inputs = [x, numbers([3, 4], 3)],
): Operator => ({ name, inputs, run, expect: (a, b) => combine(a!, b!, value) });

const compare = (
  name: string,
  run: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  value: (a: number, b: number) => boolean,
): Operator => ({
  name,
  inputs: [integers([2, 3], [1, 2, 3, 4, 5, 6]), integers([3], [4, 2, 3])],
  run,
  expect: (a, b) => combine(a!, b!, (a, b) => Number(value(a, b)), 'bool'),
  gradient: false,
});

const mask = truths([3, 4], [1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1]);
const cells = integers([2, 3], [0, 1, -2, 3, 256, 7]);
const logic = [truths([4], [0, 0, 1, 1]), truths([4], [0, 1, 0, 1])];

const cast = (
  name: string,
  from: typeof x,
  to: 'float32' | 'int32' | 'bool',
  value: (x: number) => number,
): Operator => ({
  name,
  inputs: [from],
  run: (x) => tf.cast(x, to),
  expect: (x) => map(x, value, to),
  gradient: false,
});

export const elements: readonly Operator[] = [
  two('add', tf.add, (a, b) => a + b),
  two('add a row', tf.add, (a, b) => a + b, [x, row]),
  two('add a column', tf.add, (a, b) => a + b, [x, column]),
  two('sub', tf.sub, (a, b) => a - b, [column, row]),
  two('mul', tf.mul, (a, b) => a * b),
  two('mul by a column', tf.mul, (a, b) => a * b, [x, column]),
  two('div', tf.div, (a, b) => a / b, [x, positive([4], 5)]),
  two('pow', tf.pow, (a, b) => a ** b, [positive([3, 4]), x]),
  two('maximum', tf.maximum, Math.max),
  two('minimum', tf.minimum, Math.min, [x, row]),
  two('squaredDifference', tf.squaredDifference, (a, b) => (a - b) ** 2),
  {
    name: 'addN',
    inputs: [x, numbers([3, 4], 3), numbers([3, 4], 4)],
    run: (...terms) => tf.addN(terms),
    expect: (a, b, c) =>
      combine(
        combine(a!, b!, (a, b) => a + b),
        c!,
        (a, b) => a + b,
      ),
  },
  {
    name: 'addN of twenty',
    inputs: Array.from({ length: 20 }, (_, i) => numbers([2, 2], i)),
    run: (...terms) => tf.addN(terms),
    expect: (...terms) => terms.reduce((a, b) => combine(a, b, (a, b) => a + b)),
  },
  one('neg', tf.neg, (x) => -x),
  one('abs', tf.abs, Math.abs),
  one('square', tf.square, (x) => x * x),
  one('sqrt', tf.sqrt, Math.sqrt, positive([3, 4])),
  one('rsqrt', tf.rsqrt, (x) => 1 / Math.sqrt(x), positive([3, 4])),
  one('reciprocal', tf.reciprocal, (x) => 1 / x),
  one('exp', tf.exp, Math.exp),
  one('log', tf.log, Math.log, positive([3, 4])),
  one('log1p', tf.log1p, Math.log1p, positive([3, 4])),
  one('sin', tf.sin, Math.sin),
  one('cos', tf.cos, Math.cos),
  one('erf', tf.erf, erf),
  one('sigmoid', tf.sigmoid, sigmoid),
  one('tanh', tf.tanh, Math.tanh),
  one(
    'tanh, far out',
    tf.tanh,
    Math.tanh,
    map(x, (x) => Math.fround(40 * x)),
  ),
  one('softplus', tf.softplus, (x) => Math.log1p(Math.exp(x))),
  one('relu', tf.relu, (x) => Math.max(0, x)),
  one(
    'leakyRelu',
    (x) => tf.leakyRelu(x, 0.1),
    (x) => (x > 0 ? x : 0.1 * x),
  ),
  one('elu', tf.elu, (x) => (x > 0 ? x : Math.expm1(x))),
  one(
    'gelu, of mul and erf',
    (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
    (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  ),
  one(
    'clipByValue',
    (x) => tf.clipByValue(x, -0.5, 0.75),
    (x) => Math.min(0.75, Math.max(-0.5, x)),
  ),
  { ...one('floor', tf.floor, Math.floor), gradient: false },
  { ...one('sign', tf.sign, Math.sign), gradient: false },
  compare('equal', tf.equal, (a, b) => a === b),
  compare('notEqual', tf.notEqual, (a, b) => a !== b),
  compare('less', tf.less, (a, b) => a < b),
  compare('lessEqual', tf.lessEqual, (a, b) => a <= b),
  compare('greater', tf.greater, (a, b) => a > b),
  compare('greaterEqual', tf.greaterEqual, (a, b) => a >= b),
  {
    name: 'logicalAnd, logicalOr, logicalNot',
    inputs: logic,
    run: (a, b) => [tf.logicalAnd(a!, b!), tf.logicalOr(a!, b!), tf.logicalNot(a!)],
    expect: (a, b) => [
      combine(a!, b!, (a, b) => a & b, 'bool'),
      combine(a!, b!, (a, b) => a | b, 'bool'),
      map(a!, (a) => 1 - a),
    ],
    gradient: false,
  },
  {
    name: 'where',
    inputs: [mask, x, numbers([3, 4], 6)],
    run: (mask, a, b) => tf.where(mask!, a!, b!),
    expect: (mask, a, b) => ({ ...a!, values: a!.values.map((value, i) => (mask!.values[i] ? value : b!.values[i]!)) }),
  },
  {
    name: 'where, with a mask of one column',
    inputs: [truths([3, 1], [1, 0, 1]), x],
    run: (mask, x) => tf.where(mask!, x!, tf.zerosLike(x!)),
    expect: (mask, x) => combine(mask!, x!, (keep, x) => (keep ? x : 0)),
  },
  cast('cast float32 to int32', x, 'int32', Math.trunc),
  cast(
    'cast float32 to bool',
    map(x, (x) => (x > 1 ? 0 : x)),
    'bool',
    (x) => Number(x !== 0),
  ),
  cast('cast int32 to float32', cells, 'float32', (x) => x),
  cast('cast int32 to bool', cells, 'bool', (x) => Number(x !== 0)),
  cast('cast bool to float32', mask, 'float32', (x) => x),
  cast('cast bool to int32', mask, 'int32', (x) => x),
];
