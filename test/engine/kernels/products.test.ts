import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { startEngine } from '../../../engine/index.ts';
import type { KernelBuild } from '../../../engine/kernels/exports.ts';
import { instantiateKernels } from '../../../engine/kernels/kernels.ts';
import { multiplyPlainly } from '../../../engine/kernels/plain-product.ts';
import { multiply } from '../../../engine/kernels/product.ts';
import { type WasmBackend, withMemory } from '../../../engine/wasm-backend.ts';

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

async function wasmBackend(): Promise<WasmBackend> {
  await startEngine('wasm');
  return tf.backend() as unknown as WasmBackend;
}

/** Numbers in -1..1, the same for the same seed. */
function fill(numbers: Float32Array, seed: number): void {
  let state = seed + 1;
  for (let i = 0; i < numbers.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    numbers[i] = state / 2 ** 31 - 1;
  }
}

/** Some thin, some that need more than one block of rows (64), of depth (256) and of columns (512). */
const shape = fc.oneof(
  fc.record({
    rows: fc.integer({ min: 1, max: 20 }),
    inner: fc.integer({ min: 0, max: 40 }),
    columns: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({
    rows: fc.integer({ min: 1, max: 140 }),
    inner: fc.integer({ min: 250, max: 530 }),
    columns: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({
    rows: fc.integer({ min: 1, max: 9 }),
    inner: fc.integer({ min: 1, max: 20 }),
    columns: fc.integer({ min: 505, max: 1100 }),
  }),
);

const products = fc.record({
  shape,
  leftTransposed: fc.boolean(),
  rightTransposed: fc.boolean(),
  biased: fc.boolean(),
  seed: fc.nat({ max: 1e6 }),
});

for (const build of ['simd', 'relaxed-simd'] as KernelBuild[]) {
  test.serial(
    `${build}: products of all shapes are those of plain loops, and nothing beyond them is written`,
    async (t) => {
      const backend = await wasmBackend();
      const kernels = instantiateKernels(backend, build);
      fc.assert(
        fc.property(products, ({ shape, leftTransposed, rightTransposed, biased, seed }) => {
          const { rows, inner, columns } = shape;
          const counts = [rows * inner, inner * columns, columns, rows * columns + 8, rows * columns];
          withMemory(
            backend,
            counts.map((count) => count * FLOAT),
            ([left, right, bias, out, expected]) => {
              const heap = backend.wasm.HEAPU8.buffer;
              const view = (address: number, count: number) => new Float32Array(heap, address, count);
              fill(view(left!, rows * inner), seed);
              fill(view(right!, inner * columns), seed + 1);
              fill(view(bias!, columns), seed + 2);
              view(out!, rows * columns + 8).fill(7);
              const product = { rows, inner, columns, leftTransposed, rightTransposed, left: left!, right: right! };
              const start = biased ? { bias: bias! } : {};
              multiply(kernels, { ...product, ...start, out: out! });
              multiplyPlainly(heap, { ...product, ...start, out: expected! });
              const found = view(out!, rows * columns + 8);
              const wrong = view(expected!, rows * columns).findIndex(
                (value, i) => !(Math.abs(value - found[i]!) <= 1e-6 * (1 + inner / 4)),
              );
              t.is(wrong, -1);
              t.true(found.subarray(rows * columns).every((value) => value === 7));
            },
          );
        }),
        { numRuns: 150, seed: 1 },
      );
    },
  );
}

test.serial('a row of a product does not hang on the other rows', async (t) => {
  await wasmBackend();
  const a = tf.randomNormal([70, 300], 0, 1, 'float32', 1) as tf.Tensor2D;
  const b = tf.randomNormal([300, 37], 0, 1, 'float32', 2) as tf.Tensor2D;
  const all = tf.matMul(a, b).dataSync();
  for (const row of [0, 3, 69]) {
    const alone = tf.matMul(tf.slice(a, [row, 0], [1, 300]), b).dataSync();
    t.deepEqual(alone, all.slice(row * 37, (row + 1) * 37));
  }
});

test.serial('a matrix that is changed in place is multiplied as it is now', async (t) => {
  const backend = await wasmBackend();
  const [a, b] = [tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])];
  t.deepEqual([...tf.matMul(a, b).dataSync()], [11]);
  backend.typedArrayFromHeap(b)[0] = 5;
  t.deepEqual([...tf.matMul(a, b).dataSync()], [13]);
});
