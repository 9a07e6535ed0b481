import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../../engine/index.ts';
import { instantiateKernels } from '../../../engine/kernels/kernels.ts';
import { fusedSequence } from '../../../engine/kernels/recurrent-sequence.ts';
import type { WasmBackend } from '../../../engine/wasm-backend.ts';

/** Near zero, through all of the curve, and far beyond it. */
const xs = Float32Array.from(
  [
    1e-38,
    1e-20,
    1e-6,
    1e-3,
    ...Array.from({ length: 4000 }, (_, i) => 0.005 * (i + 1)),
    50,
    87,
    88,
    89,
    1e3,
    1e38,
  ].flatMap((x) => [x, -x]),
);

/** Greatest relative error, in places of float32 (2^-24). */
function worstError(found: ArrayLike<number>, exact: (x: number) => number): number {
  let worst = 0;
  xs.forEach((x, i) => {
    const value = exact(x);
    // Near the least numbers of float32 a sigmoid ends a little above 0.
    const scale = Math.max(Math.abs(value), 1e-30);
    worst = Math.max(worst, Math.abs(found[i]! - value) / scale / 2 ** -24);
  });
  return worst;
}

for (const build of ['simd', 'relaxed-simd'] as const) {
  test.serial(`${build}: sigmoid, ELU and tanh are right to the last digits`, async (t) => {
    await startEngine('wasm');
    const backend = tf.backend() as unknown as WasmBackend;
    const kernels = instantiateKernels(backend, build);
    const activated = (code: number): ArrayLike<number> => {
      const tensor = tf.tensor1d(xs);
      kernels.run.activate(code, backend.dataIdMap.get(tensor.dataId).memoryOffset, xs.length, 0);
      return tensor.dataSync();
    };
    t.true(worstError(activated(4), (x) => 1 / (1 + Math.exp(-x))) < 5);
    t.true(worstError(activated(5), (x) => (x > 0 ? x : Math.expm1(x))) < 5);
    t.true(worstError(tanhOf(xs), Math.tanh) < 5);

    const special = tanhOf(Float32Array.of(0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN));
    t.deepEqual([...special], [0, 0, 1, -1, Number.NaN]);

    /** By a network of one unit, which adds 0 and so loses the sign of -0. */
    function tanhOf(values: Float32Array): Float32Array {
      const one = tf.ones([1, 1]) as tf.Tensor2D;
      const weights = { input: one, hidden: one, bias: tf.zeros([1]) as tf.Tensor1D };
      const words = tf.tensor3d(values, [values.length, 1, 1]);
      const mask = tf.ones([values.length, 1], 'bool') as tf.Tensor2D;
      return fusedSequence(kernels, { cell: 'tanh', words, mask, weights, returns: 'last' }).dataSync() as Float32Array;
    }
  });
}
