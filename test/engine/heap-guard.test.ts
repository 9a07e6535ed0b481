import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import type { WasmBackend } from '../../engine/wasm-backend.ts';
import { MillraceError } from '../../pipeline/errors.ts';

const GIGABYTE = 2 ** 28; // in floats

test.serial('a full heap is an error, and the engine goes on when there is room again', async (t) => {
  await startEngine('wasm');
  const backend = tf.backend() as unknown as WasmBackend;
  // Allocated and never written to, so that it takes addresses and no memory.
  const held: object[] = [];
  const error = t.throws(
    () => {
      for (let i = 0; i < 5; i++) held.push(backend.makeOutput([GIGABYTE], 'float32').dataId);
    },
    { instanceOf: MillraceError, code: 'MILLRACE_ENGINE' },
  );
  t.regex(error.message, /4 GB/);
  t.is(held.length, 3);
  t.throws(() => backend.makeOutput([4 * GIGABYTE + 8], 'float32'), { code: 'MILLRACE_ENGINE' }, 'a size that wraps');
  for (const dataId of held) backend.disposeData(dataId);
  t.is(
    tf.tidy(() => tf.sum(tf.ones([1000])).dataSync()[0]),
    1000,
  );
});
