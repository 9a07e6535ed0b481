/** How operations of the engine are compared: with one another, with plain numbers, and with differences. */

import * as tf from '@tensorflow/tfjs-core';
import type { ExecutionContext } from 'ava';
import { startEngine } from '../../engine/index.ts';
import type { KernelBuild, Kernels } from '../../engine/kernels/exports.ts';
import { instantiateKernels } from '../../engine/kernels/kernels.ts';
import type { WasmBackend } from '../../engine/wasm-backend.ts';

/** Both builds of the kernels, on wasm, which then runs. */
export async function builds(): Promise<[KernelBuild, Kernels][]> {
  await startEngine('wasm');
  const backend = tf.backend() as unknown as WasmBackend;
  return (['simd', 'relaxed-simd'] as const).map((build) => [build, instantiateKernels(backend, build)]);
}

/** Numbers in -1..1 that float32 has exactly, the same for the same seed. */
export function seededNumbers(counts: readonly number[], seed: number): Float32Array[] {
  let state = seed + 1;
  return counts.map((count) =>
    Float32Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 31 - 1;
    }),
  );
}

/** Weights of the outputs in a loss, all different. */
export const share = (i: number): number => Math.cos(i);

/** The output of a function of tensors, and the gradients of its weighted sum. */
export function valueAndGradients(
  of: (...tensors: tf.Tensor[]) => tf.Tensor,
  numbers: readonly Float32Array[],
  shapes: readonly number[][],
): Float32Array[] {
  const results = tf.tidy(() => {
    const tensors = numbers.map((values, i) => tf.tensor(values, shapes[i]!));
    const value = of(...tensors);
    const shares = tf.tensor(
      Array.from({ length: value.size }, (_, i) => share(i)),
      value.shape,
    );
    return [value, ...tf.grads((...args) => tf.sum(tf.mul(of(...args), shares)))(tensors)];
  });
  const values = results.map((tensor) => tensor.dataSync() as Float32Array);
  tf.dispose(results);
  return values;
}

/** The same gradients by central differences of a function of plain numbers. */
export function differencesOf(
  of: (numbers: Float64Array[]) => readonly number[],
  numbers: readonly Float32Array[],
): Float64Array[] {
  const exact = numbers.map((values) => Float64Array.from(values));
  const loss = () => of(exact).reduce((sum, output, i) => sum + output * share(i), 0);
  const step = 1e-5;
  return exact.map((values) =>
    values.map((value, i) => {
      values[i] = value + step;
      const above = loss();
      values[i] = value - step;
      const below = loss();
      values[i] = value;
      return (above - below) / (2 * step);
    }),
  );
}

/** Within the tolerance, relative to the greatest of all numbers and at least to 1. */
export function assertNear(
  t: ExecutionContext,
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  t.is(found.length, expected.length, what);
  const scale = Array.from(expected).reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 1);
  const wrong = Array.from(expected).findIndex((value, i) => !(Math.abs(found[i]! - value) <= tolerance * scale));
  if (wrong >= 0) throw new Error(`${what}, element ${wrong}: ${found[wrong]} instead of ${expected[wrong]}`);
}
