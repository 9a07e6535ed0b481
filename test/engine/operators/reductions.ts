/** Operations that make one number of many. */

import * as tf from '@tensorflow/tfjs-core';
import type { Operator } from './operator.ts';
import { build, fold, get, integers, type Kind, mean, numbers, type Plain, permute, sum, truths } from './plain.ts';

const x = numbers([3, 4]);
const cube = numbers([2, 3, 4], 1);

type Reduce = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

const reductions = (name: string, run: Reduce, value: (values: readonly number[]) => number): Operator[] => [
  { name: `${name} of all`, inputs: [x], run: (x) => run(x), expect: (x) => fold(x, [0, 1], value) },
  { name: `${name} of columns`, inputs: [x], run: (x) => run(x, 0), expect: (x) => fold(x, [0], value) },
  {
    name: `${name} of rows, axes kept`,
    inputs: [x],
    run: (x) => run(x, 1, true),
    expect: (x) => fold(x, [1], value, { keep: true }),
  },
  { name: `${name} along a middle axis`, inputs: [cube], run: (x) => run(x, 1), expect: (x) => fold(x, [1], value) },
];

const whole = integers([2, 3], [3, -1, 7, 7, 2, 7]);
const bits = truths([2, 3], [1, 0, 1, 1, 1, 1]);

const choice = (
  name: string,
  run: (x: tf.Tensor) => tf.Tensor,
  x: Plain,
  value: (values: readonly number[]) => number,
  dtype: Kind,
): Operator => ({ name, inputs: [x], run, expect: (x) => fold(x, [1], value, { dtype }), gradient: false });

const largest = (values: readonly number[]): number => values.indexOf(Math.max(...values));

const cumulate = (name: string, exclusive: boolean, reverse: boolean): Operator => ({
  name,
  inputs: [x],
  run: (x) => tf.cumsum(x, 1, exclusive, reverse),
  expect: (x) =>
    build([3, 4], ([i, j]) => {
      const row = [0, 1, 2, 3].filter((k) => (reverse ? k > j! : k < j!) || (!exclusive && k === j));
      return sum(row.map((k) => get(x, [i!, k])));
    }),
});

const segments = (name: string, ids: readonly number[]): Operator => ({
  name,
  inputs: [numbers([5, 3]), integers([5], ids)],
  run: (x, ids) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 4),
  expect: (x, ids) =>
    build([4, 3], ([segment, j]) =>
      sum([0, 1, 2, 3, 4].filter((i) => ids!.values[i] === segment).map((i) => get(x!, [i, j!]))),
    ),
});

/** Values and places of the largest of each row. */
function top(x: Plain, k: number): Plain[] {
  const places = [0, 1, 2].map((i) =>
    [0, 1, 2, 3].toSorted((a, b) => get(x, [i, b]) - get(x, [i, a]) || a - b).slice(0, k),
  );
  return [
    build([3, k], ([i, j]) => get(x, [i!, places[i!]![j!]!])),
    build([3, k], ([i, j]) => places[i!]![j!]!, 'int32'),
  ];
}

const euclid = (values: readonly number[]): number => Math.sqrt(sum(values.map((value) => value * value)));

export const reductionsTable: readonly Operator[] = [
  ...reductions('sum', tf.sum, sum),
  ...reductions('mean', tf.mean, mean),
  ...reductions('max', tf.max, (values) => Math.max(...values)),
  ...reductions('min', tf.min, (values) => Math.min(...values)),
  ...reductions('prod', tf.prod, (values) => values.reduce((a, b) => a * b, 1)),
  ...reductions('logSumExp', tf.logSumExp, (values) => Math.log(sum(values.map(Math.exp)))),
  ...reductions('norm', (x, axis, keep) => tf.norm(x, 'euclidean', axis, keep), euclid),
  {
    name: 'sum, int32',
    inputs: [whole],
    run: (x) => tf.sum(x, 1),
    expect: (x) => fold(x, [1], sum),
    gradient: false,
  },
  {
    name: 'moments',
    inputs: [x],
    run: (x) => {
      const { mean, variance } = tf.moments(x, 0);
      return [mean, variance];
    },
    expect: (x) => {
      const square = (values: readonly number[]) => mean(values.map((value) => (value - mean(values)) ** 2));
      return [fold(x, [0], mean), fold(x, [0], square)];
    },
  },
  choice('argMax', (x) => tf.argMax(x, 1), x, largest, 'int32'),
  choice('argMax, int32, the first of equals', (x) => tf.argMax(x, 1), whole, largest, 'int32'),
  choice(
    'argMin',
    (x) => tf.argMin(x, 1),
    x,
    (values) => values.indexOf(Math.min(...values)),
    'int32',
  ),
  choice(
    'all',
    (x) => tf.all(x, 1),
    bits,
    (values) => Math.min(...values),
    'bool',
  ),
  choice(
    'any',
    (x) => tf.any(x, 1),
    bits,
    (values) => Math.max(...values),
    'bool',
  ),
  cumulate('cumsum', false, false),
  cumulate('cumsum, exclusive', true, false),
  cumulate('cumsum, from the end', false, true),
  {
    name: 'topk',
    inputs: [x],
    run: (x) => {
      const { values, indices } = tf.topk(x, 2);
      return [values, indices];
    },
    expect: (x) => top(x, 2),
    gradient: false,
  },
  segments('unsortedSegmentSum', [3, 0, 3, 1, 0]),
  segments('unsortedSegmentSum, with an id below 0', [3, -1, 3, 1, 0]),
  { ...segments('unsortedSegmentSum, with an id that is no segment', [3, 4, 3, 1, 0]), gradient: false },
  {
    name: 'unsortedSegmentSum of three axes',
    inputs: [numbers([3, 2, 2]), integers([3], [1, 1, 0])],
    run: (x, ids) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 2),
    expect: (x, ids) =>
      build([2, 2, 2], ([segment, j, k]) =>
        sum([0, 1, 2].filter((i) => ids!.values[i] === segment).map((i) => get(x!, [i, j!, k!]))),
      ),
  },
  {
    name: 'sum of a transpose',
    inputs: [cube],
    run: (x) => tf.sum(tf.transpose(x, [2, 0, 1]), 2),
    expect: (x) => fold(permute(x, [2, 0, 1]), [2], sum),
  },
];
