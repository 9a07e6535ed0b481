/** Products of matrices. */

import * as tf from '@tensorflow/tfjs-core';
import type { Operator } from './operator.ts';
import { combine, map, move, numbers, type Plain, permute, product } from './plain.ts';

/** With the last two axes changed over. */
function turned(x: Plain): Plain {
  const axes = x.shape.map((_, axis) => axis);
  return permute(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

const matMul = (name: string, batch: number[], [m, k, n]: [number, number, number], seed: number): Operator[] =>
  [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({
      name: `${name}${transposeA ? ', the first transposed' : ''}${transposeB ? ', the second transposed' : ''}`,
      inputs: [
        numbers([...batch, ...(transposeA ? [k, m] : [m, k])], seed),
        numbers([...batch, ...(transposeB ? [n, k] : [k, n])], seed + 1),
      ],
      run: (a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b, transposeA, transposeB),
      expect: (a: Plain, b: Plain) => product(transposeA ? turned(a) : a, transposeB ? turned(b) : b),
    })),
  );

const relu = (x: number): number => Math.max(0, x);

const fused = (name: string, transposeB: boolean): Operator => ({
  name,
  // Deeper than the 48 products from which on the wasm backend of TensorFlow.js goes wrong.
  inputs: [numbers([3, 60]), numbers(transposeB ? [5, 60] : [60, 5], 1), numbers([5], 2)],
  run: (a, b, bias) =>
    tf.fused.matMul({ a: a!, b: b!, transposeA: false, transposeB, bias: bias!, activation: 'relu' }),
  expect: (a, b, bias) =>
    map(
      combine(product(a!, transposeB ? turned(b!) : b!), bias!, (x, y) => x + y),
      relu,
    ),
});

export const products: readonly Operator[] = [
  ...matMul('matMul', [], [3, 4, 5], 0),
  ...matMul('matMul of many rows', [], [19, 12, 10], 2),
  ...matMul('matMul in batches', [3], [2, 5, 4], 4),
  {
    name: 'matMul of a batch by one matrix',
    inputs: [numbers([3, 2, 4]), numbers([1, 4, 5], 1)],
    run: (a, b) => tf.matMul(a!, b!),
    expect: (a, b) =>
      product(
        a!,
        move(b!, [3, 4, 5], ([, i, j]) => [0, i!, j!]),
      ),
  },
  {
    name: 'matMul by a vector',
    inputs: [numbers([7, 9]), numbers([9, 1], 1)],
    run: (a, b) => tf.matMul(a!, b!),
    expect: (a, b) => product(a!, b!),
  },
  {
    name: 'dot',
    inputs: [numbers([6]), numbers([6], 1)],
    run: (a, b) => tf.dot(a!, b!),
    expect: (a, b) => ({ ...product({ ...a!, shape: [1, 6] }, { ...b!, shape: [6, 1] }), shape: [] }),
  },
  fused('fused.matMul, with bias and relu', false),
  fused('fused.matMul, the second transposed, with bias and relu', true),
];
