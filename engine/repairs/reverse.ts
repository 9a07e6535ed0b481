/**
 * `Reverse` of bools on wasm. The backend moves four bytes for each element, though a bool has one, and so writes past
 * the end of the output. As int32, elements have the size that it believes in.
 */

import { Cast, Reverse, type TensorInfo } from '@tensorflow/tfjs-core';
import { runWasmKernel, type WasmBackend } from '../wasm-backend.ts';
import type { Repair } from './repair.ts';

interface Inputs {
  readonly x: TensorInfo;
}

export const wasmReverse: Repair<WasmBackend, Inputs, object> = {
  kernel: Reverse,
  backend: 'wasm',
  make: (original) => (call) => {
    const { backend, inputs } = call;
    if (inputs.x.dtype !== 'bool') return original(call);
    const numbers = runWasmKernel(backend, Cast, { x: inputs.x }, { dtype: 'int32' });
    const reversed = original({ ...call, inputs: { x: numbers } });
    const out = runWasmKernel(backend, Cast, { x: reversed }, { dtype: 'bool' });
    backend.disposeData(numbers.dataId);
    backend.disposeData(reversed.dataId);
    return out;
  },
};
