import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../../engine/index.ts';
import { instantiateKernels, kernelsOf } from '../../../engine/kernels/kernels.ts';
import { checkKernels } from '../../../engine/kernels/self-check.ts';
import type { WasmBackend } from '../../../engine/wasm-backend.ts';
import { MillraceError } from '../../../pipeline/errors.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

test.serial('the engine says which build runs, and others have none', async (t) => {
  const { kernels } = await startEngine('wasm');
  t.is(kernels, 'relaxed-simd');
  t.is(kernelsOf(tf.backend())?.build, 'relaxed-simd');
  t.is((await startEngine('cpu')).kernels, undefined);
});

test.serial('kernels that compute something wrong are not taken', async (t) => {
  await startEngine('wasm');
  const backend = tf.backend() as unknown as WasmBackend;
  const kernels = instantiateKernels(backend, 'simd');
  t.notThrows(() => checkKernels(backend, kernels));
  for (const wrong of [{ multiply: () => undefined }, { sequenceForward: () => undefined }]) {
    const error = t.throws(() => checkKernels(backend, { ...kernels, run: { ...kernels.run, ...wrong } }), {
      instanceOf: MillraceError,
    });
    t.is(error.code, 'MILLRACE_ENGINE');
  }
});

test.serial('without its memory the engine warns, once, and computes the same', async (t) => {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [
      '--import=./test/typescript.mjs',
      '--input-type=module',
      '--eval',
      `
      import * as tf from '@tensorflow/tfjs-core';
      import '@tensorflow/tfjs-backend-wasm';
      import { startEngine } from './engine/index.ts';
      await tf.setBackend('wasm');
      const { memory, ...others } = tf.backend().wasm.asm;
      tf.backend().wasm.asm = others;
      const { kernels } = await startEngine('wasm');
      await startEngine('cpu');
      await startEngine('wasm');
      const a = tf.tensor([1, 2, 3, 4, 5, 6], [1, 3, 2]);
      const b = tf.tensor([1, -1, 2, -2, 0, 1, 1, 0], [2, 2, 2]);
      const product = tf.matMul(a, b, false, true);
      const fused = tf.fused.matMul({ a: tf.ones([2, 2]), b: tf.ones([2, 1]), bias: tf.tensor1d([-3]), activation: 'relu' });
      console.log(JSON.stringify([kernels, product.arraySync(), fused.arraySync()]));
      `,
    ],
    { cwd: root },
  );
  const product = [
    [
      [-1, -2],
      [-1, -2],
      [-1, -2],
    ],
    [
      [2, 1],
      [4, 3],
      [6, 5],
    ],
  ];
  t.deepEqual(JSON.parse(stdout), ['none', product, [[0], [0]]]);
  t.is(stderr.match(/runs without its own kernels/g)?.length, 1, stderr);
});
