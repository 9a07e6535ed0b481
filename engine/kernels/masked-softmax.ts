import * as tf from '@tensorflow/tfjs-core';
import { addressOf, type WasmBackend } from '../wasm-backend.ts';
import type { Kernels } from './exports.ts';
import { makeTensor } from './memory.ts';

/** `maskedSoftmax` by our own kernels (`assembly/softmax.ts`): a row is read three times where it lies. */
export function fusedMaskedSoftmax({ run }: Kernels, logits: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const backend = tf.backend() as unknown as WasmBackend;
  const { shape, size } = logits;
  const width = shape.at(-1) ?? 1;
  const rows = width === 0 ? 0 : size / width;
  const operation = tf.customGrad((...args) => {
    const [logits, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const value = makeTensor(backend, shape);
    const [values, admitted, shares] = [logits, mask, value].map((tensor) => addressOf(backend, tensor));
    run.softmaxForward(rows, width, values!, admitted!, shares!);
    save([value]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const gradient = makeTensor(backend, shape);
      const [shares, dShares, dValues] = [saved[0]!, dy, gradient].map((tensor) => addressOf(backend, tensor));
      run.softmaxBackward(rows, width, shares!, dShares!, dValues!);
      return gradient;
    };
    return { value, gradFunc: gradFunc as (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor };
  });
  return operation(logits);
}
