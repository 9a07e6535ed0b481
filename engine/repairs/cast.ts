/**
 * `Cast` to bool on wasm. The backend stores the number in a byte: 0.5 and 256 become false, 3 becomes 3, and a mask
 * that is no longer 0 or 1 then scales what it should select.
 */

import { Cast, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../wasm-backend.ts';
import type { Repair } from './repair.ts';

interface Inputs {
  readonly x: TensorInfo;
}

interface Attrs {
  readonly dtype: DataType;
}

export const wasmCast: Repair<WasmBackend, Inputs, Attrs> = {
  kernel: Cast,
  backend: 'wasm',
  make: (original) => (call) => {
    const { backend, inputs, attrs } = call;
    if (attrs.dtype !== 'bool' || inputs.x.dtype === 'bool') return original(call);
    const out = backend.makeOutput(inputs.x.shape, 'bool');
    const truths = backend.typedArrayFromHeap(out);
    const values = backend.typedArrayFromHeap(inputs.x);
    for (let i = 0; i < truths.length; i++) truths[i] = values[i] === 0 ? 0 : 1;
    return out;
  },
};
