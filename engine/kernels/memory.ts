/** Tensors and integers where our kernels work: in the heap of TensorFlow.js's wasm backend. */

import { engine, type Tensor } from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../wasm-backend.ts';

/** A float32 tensor with uninitialised elements. */
export function makeTensor(backend: WasmBackend, shape: number[]): Tensor {
  return engine().makeTensorFromTensorInfo(backend.makeOutput(shape, 'float32'));
}

export function placeIntegers(backend: WasmBackend, address: number, integers: Int32Array): void {
  new Int32Array(backend.wasm.HEAPU8.buffer, address, integers.length).set(integers);
}

/** Makes `count` numbers 0. */
export function clear(backend: WasmBackend, address: number, count: number): void {
  new Float32Array(backend.wasm.HEAPU8.buffer, address, count).fill(0);
}

/** Copies `count` numbers. */
export function copy(backend: WasmBackend, from: number, to: number, count: number): void {
  backend.wasm.HEAPU8.copyWithin(to, from, from + count * Float32Array.BYTES_PER_ELEMENT);
}
