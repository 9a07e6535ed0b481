/** Runs the same computation on an engine of choice. Tests that use it are serial: TensorFlow.js has one backend at a time. */

import * as tf from '@tensorflow/tfjs-core';
import type { ExecutionContext } from 'ava';
import { type EngineName, startEngine } from '../../engine/index.ts';

export interface Result {
  readonly values: number[];
  readonly shape: number[];
  readonly dtype: string;
}

/** The results of a computation, whose tensors are all disposed of. */
export async function runOn(engine: EngineName, compute: () => tf.Tensor | tf.Tensor[]): Promise<Result[]> {
  await startEngine(engine);
  const tensors = tf.tidy(() => [compute()].flat());
  const results = tensors.map((tensor) => ({
    values: Array.from(tensor.dataSync()),
    shape: tensor.shape,
    dtype: tensor.dtype,
  }));
  tf.dispose(tensors);
  return results;
}

/** Asserts that both results have the same shape and type, and values within `tolerance` of 1 + their size. */
export function assertClose(t: ExecutionContext, actual: Result[], expected: Result[], tolerance = 1e-5): void {
  t.is(actual.length, expected.length);
  actual.forEach(({ values, shape, dtype }, i) => {
    const other = expected[i]!;
    t.deepEqual(shape, other.shape);
    t.is(dtype, other.dtype);
    const wrong = values.findIndex((value, j) => !isClose(value, other.values[j]!, tolerance));
    if (wrong >= 0) t.fail(`result ${i}, element ${wrong}: ${values[wrong]} instead of ${other.values[wrong]}`);
  });
}

function isClose(a: number, b: number, tolerance: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance * (1 + Math.abs(b));
}

/** Normally distributed numbers, the same for the same seed on every engine. */
export function normal(shape: number[], seed: number): tf.Tensor {
  // TensorFlow.js takes seed 0 for no seed.
  return tf.randomNormal(shape, 0, 1, 'float32', seed + 1);
}
