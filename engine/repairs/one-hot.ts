/**
 * `OneHot` on wasm. The backend writes the bits of 32-bit integers whatever the type: as float32 a 1 becomes 1.4e-45, and
 * as bool it writes past the end of the output.
 */

import { type DataType, OneHot, type TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../wasm-backend.ts';
import type { Repair } from './repair.ts';

interface Inputs {
  readonly indices: TensorInfo;
}

interface Attrs {
  readonly dtype: DataType;
  readonly depth: number;
  readonly onValue: number;
  readonly offValue: number;
}

export const wasmOneHot: Repair<WasmBackend, Inputs, Attrs> = {
  kernel: OneHot,
  backend: 'wasm',
  make: () => (call) => {
    const { backend, inputs, attrs } = call;
    const { dtype, depth, onValue, offValue } = attrs;
    const out = backend.makeOutput([...inputs.indices.shape, depth], dtype);
    const values = backend.typedArrayFromHeap(out).fill(offValue);
    const indices = backend.typedArrayFromHeap(inputs.indices);
    for (let row = 0; row < indices.length; row++) {
      const index = indices[row]!;
      // As in TensorFlow, an index outside the depth is a row without its one.
      if (index >= 0 && index < depth) values[row * depth + index] = onValue;
    }
    return out;
  },
};
