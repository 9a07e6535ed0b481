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
    const values = viewFloats(backend, result);
    for (let i = 0; i < values.length; i++) values[i] = values[i]! / (values[i]! + 2);
    copySigns(viewFloats(backend, inputs.x), values);
    return result;
  },
};

function minusTwiceMagnitude(xs: Float32Array, out: Float32Array): void {
  for (let i = 0; i < out.length; i++) out[i] = -2 * Math.abs(xs[i]!);
}

/** On the bits, since a branch on random signs is mispredicted half of the time and costs more than all the rest. */
function copySigns(from: Float32Array, to: Float32Array): void {
  const fromBits = new Int32Array(from.buffer, from.byteOffset, from.length);
  const toBits = new Int32Array(to.buffer, to.byteOffset, to.length);
  for (let i = 0; i < toBits.length; i++) toBits[i] = (toBits[i]! & 0x7fffffff) | (fromBits[i]! & 0x80000000);
}

function viewFloats(backend: WasmBackend, tensor: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}
