/** Operations that move elements, and change none. */

import * as tf from '@tensorflow/tfjs-core';
import type { Operator } from './operator.ts';
import { build, get, integers, move, numbers, type Plain, permute, truths } from './plain.ts';

const x = numbers([3, 4]);
const cube = numbers([2, 3, 4], 1);
const whole = integers(
  [2, 3, 4],
  Array.from({ length: 24 }, (_, i) => i * i - 50),
);
/** Too large for floats to hold all of them. */
const large = integers(
  [2, 2, 3],
  Array.from({ length: 12 }, (_, i) => 2 ** 30 + 3 * i + 1),
);
const bits = truths(
  [2, 3, 4],
  Array.from({ length: 24 }, (_, i) => Number(i % 3 === 0)),
);

const transpose = (name: string, x: Plain, perm: number[]): Operator => ({
  name,
  inputs: [x],
  run: (x) => tf.transpose(x, perm),
  expect: (x) => permute(x, perm),
  ...(x.dtype !== 'float32' && { gradient: false }),
});

const reverse = (name: string, x: Plain, axis: number): Operator => ({
  name,
  inputs: [x],
  run: (x) => tf.reverse(x, axis),
  expect: (x) => move(x, x.shape, (at) => at.with(axis, x.shape[axis]! - 1 - at[axis]!)),
  ...(x.dtype !== 'float32' && { gradient: false }),
});

/** Joins two tensors along an axis. */
function join(a: Plain, b: Plain, axis: number): Plain {
  const length = a.shape[axis]!;
  return build(
    a.shape.with(axis, length + b.shape[axis]!),
    (at) => (at[axis]! < length ? get(a, at) : get(b, at.with(axis, at[axis]! - length))),
    a.dtype,
  );
}

/** A part of a tensor. */
function cut(x: Plain, begin: readonly number[], size: readonly number[]): Plain {
  return move(x, size, (at) => at.map((i, axis) => i + begin[axis]!));
}

const gather = (name: string, x: Plain, indices: Plain, axis: number): Operator => ({
  name,
  inputs: [x, indices],
  run: (x, indices) => tf.gather(x!, indices as tf.Tensor1D, axis),
  expect: (x, indices) =>
    move(x!, x!.shape.with(axis, indices!.shape[0]!), (at) => at.with(axis, indices!.values[at[axis]!]!)),
  ...(x.dtype !== 'float32' && { gradient: false }),
});

export const shapes: readonly Operator[] = [
  { name: 'reshape', inputs: [x], run: (x) => tf.reshape(x, [2, 6]), expect: (x) => ({ ...x, shape: [2, 6] }) },
  {
    name: 'expandDims',
    inputs: [x],
    run: (x) => tf.expandDims(x, 1),
    expect: (x) => ({ ...x, shape: [3, 1, 4] }),
  },
  {
    name: 'squeeze',
    inputs: [numbers([3, 1, 4])],
    run: (x) => tf.squeeze(x, [1]),
    expect: (x) => ({ ...x, shape: [3, 4] }),
  },
  transpose('transpose of a matrix', x, [1, 0]),
  transpose('transpose of three axes', cube, [2, 0, 1]),
  transpose('transpose of four axes', numbers([2, 3, 2, 2]), [0, 2, 1, 3]),
  transpose('transpose of three axes, int32', whole, [1, 2, 0]),
  transpose('transpose of three axes, bool', bits, [2, 1, 0]),
  transpose('transpose of three axes, int32 beyond 2^24', large, [2, 1, 0]),
  {
    name: 'concat of rows',
    inputs: [x, numbers([2, 4], 2)],
    run: (...parts) => tf.concat(parts, 0),
    expect: (a, b) => join(a!, b!, 0),
  },
  {
    name: 'concat of columns',
    inputs: [x, numbers([3, 2], 2)],
    run: (...parts) => tf.concat(parts, 1),
    expect: (a, b) => join(a!, b!, 1),
  },
  {
    name: 'concat, int32',
    inputs: [whole, whole],
    run: (...parts) => tf.concat(parts, 2),
    expect: (a, b) => join(a!, b!, 2),
    gradient: false,
  },
  {
    name: 'concat of twenty',
    inputs: Array.from({ length: 20 }, (_, i) => numbers([2, 1], i)),
    run: (...parts) => tf.concat(parts, 1),
    expect: (...parts) => parts.reduce((a, b) => join(a, b, 1)),
  },
  {
    name: 'stack of twenty, and unstacked again',
    inputs: Array.from({ length: 20 }, (_, i) => numbers([2], i)),
    run: (...parts) => tf.unstack(tf.stack(parts, 1), 1),
    expect: (...parts) => parts,
  },
  {
    name: 'stack',
    inputs: [x, numbers([3, 4], 2)],
    run: (...parts) => tf.stack(parts, 1),
    expect: (a, b) => build([3, 2, 4], ([i, which, j]) => get(which === 0 ? a! : b!, [i!, j!])),
  },
  {
    name: 'unstack',
    inputs: [cube],
    run: (x) => tf.unstack(x, 1),
    expect: (x) => [0, 1, 2].map((j) => move(x, [2, 4], ([i, k]) => [i!, j, k!])),
  },
  {
    name: 'split into equal parts',
    inputs: [x],
    run: (x) => tf.split(x, 2, 1),
    expect: (x) => [cut(x, [0, 0], [3, 2]), cut(x, [0, 2], [3, 2])],
  },
  {
    name: 'split into parts of given lengths',
    inputs: [cube],
    run: (x) => tf.split(x, [1, 2], 1),
    expect: (x) => [cut(x, [0, 0, 0], [2, 1, 4]), cut(x, [0, 1, 0], [2, 2, 4])],
  },
  {
    name: 'slice',
    inputs: [cube],
    run: (x) => tf.slice(x, [1, 0, 1], [1, 2, 3]),
    expect: (x) => cut(x, [1, 0, 1], [1, 2, 3]),
  },
  {
    name: 'slice, int32',
    inputs: [whole],
    run: (x) => tf.slice(x, [0, 1, 0], [2, 2, 3]),
    expect: (x) => cut(x, [0, 1, 0], [2, 2, 3]),
    gradient: false,
  },
  {
    name: 'pad',
    inputs: [x],
    run: (x) =>
      tf.pad(x, [
        [1, 0],
        [0, 2],
      ]),
    expect: (x) => build([4, 6], ([i, j]) => (i! >= 1 && j! < 4 ? get(x, [i! - 1, j!]) : 0)),
  },
  {
    name: 'tile',
    inputs: [x],
    run: (x) => tf.tile(x, [2, 3]),
    expect: (x) => move(x, [6, 12], ([i, j]) => [i! % 3, j! % 4]),
  },
  {
    name: 'broadcastTo',
    inputs: [numbers([3, 1])],
    run: (x) => tf.broadcastTo(x, [2, 3, 4]),
    expect: (x) => move(x, [2, 3, 4], ([, j]) => [j!, 0]),
  },
  reverse('reverse', cube, 1),
  reverse('reverse, int32', whole, 2),
  reverse('reverse, bool', bits, 0),
  gather('gather of rows', x, integers([5], [2, 0, 2, 2, 1]), 0),
  gather('gather of columns', x, integers([3], [3, 0, 3]), 1),
  gather('gather, int32', whole, integers([2], [2, 0]), 1),
  gather('gather, int32 beyond 2^24', large, integers([2], [1, 0]), 1),
  {
    name: 'gather of a matrix of indices',
    inputs: [x, integers([2, 3], [2, 0, 0, 1, 2, 1])],
    run: (x, indices) => tf.gather(x!, indices as tf.Tensor2D),
    expect: (x, indices) => build([2, 3, 4], ([i, j, k]) => get(x!, [get(indices!, [i!, j!]), k!])),
  },
  {
    name: 'gather with a batch axis',
    inputs: [cube, integers([2, 2], [2, 0, 1, 1])],
    run: (x, indices) => tf.gather(x!, indices as tf.Tensor2D, 1, 1),
    expect: (x, indices) => build([2, 2, 4], ([i, j, k]) => get(x!, [i!, get(indices!, [i!, j!]), k!])),
  },
  {
    name: 'oneHot',
    inputs: [integers([4], [2, 0, 1, 5])],
    run: (x) => tf.oneHot(x as tf.Tensor1D, 3),
    expect: (x) => build([4, 3], ([i, j]) => Number(x.values[i!] === j), 'int32'),
    gradient: false,
  },
  {
    name: 'oneHot, float32',
    inputs: [integers([4], [2, 0, 1, 5])],
    run: (x) => tf.oneHot(x as tf.Tensor1D, 3, 1, 0, 'float32'),
    expect: (x) => build([4, 3], ([i, j]) => Number(x.values[i!] === j)),
    gradient: false,
  },
  {
    name: 'range, fill, zeros, ones, eye',
    inputs: [],
    run: () => [tf.range(2, 11, 3, 'int32'), tf.fill([2, 2], 1.5), tf.zeros([3]), tf.ones([2], 'bool'), tf.eye(2)],
    expect: () => [
      integers([3], [2, 5, 8]),
      build([2, 2], () => 1.5),
      build([3], () => 0),
      truths([2], [1, 1]),
      build([2, 2], ([i, j]) => Number(i === j)),
    ],
    gradient: false,
  },
];
