/**
 * `Tanh` on wasm, where the backend calls the C library for one element after another.
 *
 * With e = exp(-2|x|) - 1, tanh |x| = -e / (e + 2). XNNPACK's vectorised ELU is that e for a negative argument, and keeps
 * its relative accuracy near zero, where the better known 2 sigmoid(2x) - 1 cancels all digits. The result is within 2e-7
 * of the value, relatively, everywhere (float32 itself rounds to 6e-8).
 */

import { Elu, Tanh, type TensorInfo } from '@tensorflow/tfjs-core';
import { runWasmKernel, type WasmBackend } from '../wasm-backend.ts';
import type { Repair } from './repair.ts';

interface Inputs {
  readonly x: TensorInfo;
}

export const wasmTanh: Repair<WasmBackend, Inputs, object> = {
  kernel: Tanh,
  backend: 'wasm',
  make: (original) => (call) => {
    const { backend, inputs } = call;
    if (inputs.x.dtype !== 'float32') return original(call);
    const exponents = backend.makeOutput(inputs.x.shape, 'float32');
    minusTwiceMagnitude(viewFloats(backend, inputs.x), viewFloats(backend, exponents));
    const result = runWasmKernel(backend, Elu, { x: exponents });
    backend.disposeData(exponents.dataId);
    quotientsWithSigns(viewFloats(backend, inputs.x), viewFloats(backend, result));
    return result;
  },
};

function minusTwiceMagnitude(xs: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = -2 * Math.abs(xs[i]!);
}

/** By sign bit. A branch on random signs would be mispredicted half of the time, and cost more than all the rest. */
const SIGNS = Float64Array.of(1, -1);

function quotientsWithSigns(xs: Float32Array, values: Float32Array): void {
  const bits = new Int32Array(xs.buffer, xs.byteOffset, xs.length);
  for (let i = 0; i < values.length; i++) {
    const e = values[i]!;
    // Taken from 0, since -e / (e + 2) would give 0 the wrong sign.
    values[i] = (0 - e / (e + 2)) * SIGNS[bits[i]! >>> 31]!;
  }
}

function viewFloats(backend: WasmBackend, tensor: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}
