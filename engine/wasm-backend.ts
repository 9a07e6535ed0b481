/**
 * The part of TensorFlow.js's wasm backend that our kernels work on, in our own words: its published types need
 * Emscripten's globals, and say more than we want to depend on.
 */

import {
  type DataType,
  getKernel,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';

/** A view of a tensor's elements in place. Any later allocation may move the heap: take it last, use it at once. */
export type HeapView = Float32Array | Int32Array | Uint8Array;

export interface WasmBackend {
  readonly wasm: {
    /** @returns the address, or 0 when the heap is full */
    _malloc: (bytes: number) => number;
    _free(address: number): void;
    /** A function of the compiled library; `array` arguments are bytes that it sees for the time of the call. */
    cwrap(name: string, result: null, parameters: ('number' | 'array')[]): (...values: (number | Uint8Array)[]) => void;
    readonly tfjs: {
      /** Forgets the library's record of a tensor, and frees nothing else. */
      disposeData(id: number): void;
    };
  };
  readonly dataIdMap: {
    /** `id` is the library's name for the tensor. */
    get(dataId: object): { readonly id: number; readonly memoryOffset: number };
    delete(dataId: object): boolean;
  };
  /** A tensor with uninitialised elements, or with the elements at an address. */
  makeOutput(shape: number[], dtype: DataType, memoryOffset?: number): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): HeapView;
  /** Gives up one reference. */
  disposeData(dataId: object): boolean;
  /** Adds a reference, so that another tensor may share the elements. */
  incRef(dataId: object): void;
}

/** Runs another kernel of the wasm backend, whoever made it. */
export function runWasmKernel(
  backend: WasmBackend,
  kernel: string,
  inputs: NamedTensorInfoMap,
  attrs: NamedAttrMap = {},
): TensorInfo {
  return getKernel(kernel, 'wasm').kernelFunc({ inputs, backend, attrs }) as TensorInfo;
}

/**
 * How to copy elements of one tensor to another of the same type, without a view for each run of them. The heap must not
 * move meanwhile.
 */
export function copyInHeap(
  backend: WasmBackend,
  from: TensorInfo,
  to: TensorInfo,
): (start: number, length: number, target: number) => void {
  const source = backend.typedArrayFromHeap(from);
  const width = source.BYTES_PER_ELEMENT;
  const target = backend.typedArrayFromHeap(to).byteOffset;
  const heap = new Uint8Array(source.buffer);
  return (start, length, at) => {
    const first = source.byteOffset + start * width;
    heap.copyWithin(target + at * width, first, first + length * width);
  };
}
