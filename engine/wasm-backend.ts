/**
 * The part of TensorFlow.js's wasm backend that our kernels work on, in our own words: its published types need
 * Emscripten's globals, and say more than we want to depend on.
 */

import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';

/** A view of a tensor's elements in place. Any later allocation may move the heap: take it last, use it at once. */
export type HeapView = Float32Array | Int32Array | Uint8Array;

export interface WasmBackend {
  readonly wasm: {
    _malloc(bytes: number): number;
  };
  /** Allocates the elements of a tensor, uninitialised. */
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): HeapView;
  /** Gives up one reference. */
  disposeData(dataId: object): boolean;
  /** Adds a reference, so that another tensor may share the elements. */
  incRef(dataId: object): void;
}
