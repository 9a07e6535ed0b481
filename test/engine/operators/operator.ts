/** What an engine must be able to do, and how to find out. */

import * as tf from '@tensorflow/tfjs-core';
import type { Plain } from './plain.ts';

/** An operation on small tensors, and what comes of it. */
export interface Operator {
  /** As in docs/engines.md. */
  readonly name: string;
  readonly inputs: readonly Plain[];
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
  /** The same in plain loops. */
  readonly expect: (...inputs: Plain[]) => Plain | Plain[];
  /** Whether it can be learnt through, with regard to all inputs of floats; default true. */
  readonly gradient?: false;
}

/** Of floats, relative to 1 + their size; integers must be exact. */
const TOLERANCE = 1e-4;
const STEP = 1e-5;

/** What is wrong with the current engine's results and gradients of an operation; nothing, if all is well. */
export async function problemsOf(operator: Operator): Promise<string[]> {
  try {
    return [
      ...(await compare('result', () => [operator.run(...operator.inputs.map(toTensor))].flat(), expected(operator))),
      ...(operator.gradient === false
        ? []
        : await compare('gradient', () => gradients(operator), differences(operator))),
    ];
  } catch (error) {
    return [(error as Error).message.split('\n')[0]!];
  }
}

async function compare(what: string, compute: () => tf.Tensor[], expected: readonly Plain[]): Promise<string[]> {
  const tensors = tf.tidy(compute);
  const found = await Promise.all(
    tensors.map(async (tensor) => ({
      shape: tensor.shape,
      dtype: tensor.dtype,
      values: Array.from((await tensor.data()) as ArrayLike<number>),
    })),
  ).finally(() => tf.dispose(tensors));
  if (found.length !== expected.length) return [`${found.length} ${what}s, not ${expected.length}`];
  return found.flatMap(({ shape, dtype, values }, i) => {
    const right = expected[i]!;
    const kind = `${dtype} [${shape}]`;
    if (kind !== `${right.dtype} [${right.shape}]`)
      return [`${what} ${i} is ${kind}, not ${right.dtype} [${right.shape}]`];
    const wrong = values.findIndex(
      (value, j) => !isClose(Number(value), right.values[j]!, dtype === 'float32' ? TOLERANCE : 0),
    );
    return wrong < 0 ? [] : [`${what} ${i} has ${values[wrong]} at ${wrong}, not ${right.values[wrong]}`];
  });
}

function isClose(a: number, b: number, tolerance: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= tolerance * (1 + Math.abs(b));
}

function expected({ expect, inputs }: Operator): Plain[] {
  return [expect(...inputs)].flat();
}

function toTensor({ values, shape, dtype }: Plain): tf.Tensor {
  return tf.tensor([...values], [...shape], dtype);
}

/** Gradients of the results' sum, each element with a weight of its own, or mistakes could cancel out. */
function gradients({ run, inputs }: Operator): tf.Tensor[] {
  const tensors = inputs.map(toTensor);
  const learnt = tensors.filter(({ dtype }) => dtype === 'float32');
  const total = (...learnt: tf.Tensor[]): tf.Scalar => {
    const floats = [...learnt];
    const results = [run(...tensors.map((tensor) => (tensor.dtype === 'float32' ? floats.shift()! : tensor)))].flat();
    const sums = results.map((y, i) => tf.sum(tf.mul(y, tf.tensor(weights(y.size, i), y.shape))));
    return tf.addN(sums) as tf.Scalar;
  };
  return tf.grads(total)(learnt);
}

/** The same from the loops, by central differences. */
function differences({ expect, inputs }: Operator): Plain[] {
  const total = (changed: number, element: number, by: number): number => {
    const moved = inputs.map((input, i) =>
      i === changed ? { ...input, values: input.values.with(element, input.values[element]! + by) } : input,
    );
    const results = [expect(...moved)].flat();
    return results
      .flatMap(({ values }, i) => weights(values.length, i).map((weight, j) => weight * values[j]!))
      .reduce((a, b) => a + b, 0);
  };
  return inputs.flatMap((input, i) =>
    input.dtype === 'float32'
      ? [{ ...input, values: input.values.map((_, j) => (total(i, j, STEP) - total(i, j, -STEP)) / (2 * STEP)) }]
      : [],
  );
}

function weights(count: number, seed: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.fround(0.5 + ((i * 0.7548776662 + seed * 0.3) % 1)));
}
