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
    /** The heap, as it is now: it is replaced when it grows. */
    readonly HEAPU8: Uint8Array<ArrayBuffer>;
    /** What the compiled library exports, by names that its optimiser left alone. */
    readonly asm: {
      /** The heap's memory. No part of what the package publishes, it may be elsewhere in another version. */
      readonly memory?: WebAssembly.Memory;
    };
  };
  readonly dataIdMap: {
    /** `id` is the library's name for the tensor. */
    get(dataId: object): { readonly id: number; readonly memoryOffset: number };
  };
  /** A tensor with uninitialised elements. */
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): HeapView;
  /** Gives up one reference. */
  disposeData(dataId: object): boolean;
  /** Adds a reference, so that another tensor may share the elements. */
  incRef(dataId: object): void;
  /** How many tensors share the elements. */
  refCount(dataId: object): number;
}

/** Where a tensor's elements are, in bytes from the start of the heap. They stay there, however the heap grows. */
export function addressOf(backend: WasmBackend, { dataId }: TensorInfo): number {
  return backend.dataIdMap.get(dataId).memoryOffset;
}

/** Pieces of the heap, of these many bytes each, for the time of a call. */
export function withMemory<T>({ wasm }: WasmBackend, sizes: readonly number[], use: (addresses: number[]) => T): T {
  const starts: number[] = [];
  let end = 0;
  for (const size of sizes) {
    starts.push(end);
    end = aligned(end + size);
  }
  const address = wasm._malloc(end + CACHE_LINE) >>> 0;
  try {
    const first = aligned(address);
    return use(starts.map((start) => first + start));
  } finally {
    wasm._free(address);
  }
}

/** In bytes. What is read by fours of numbers is read faster where no four lies in two lines. */
export const CACHE_LINE = 64;

/** The next address at which a cache line begins. */
export function aligned(address: number): number {
  return Math.ceil(address / CACHE_LINE) * CACHE_LINE;
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
