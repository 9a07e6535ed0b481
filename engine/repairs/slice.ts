/**
 * `Slice`, `SplitV` and `Unpack` on wasm. The backend copies the whole input out of the heap for every piece that it
 * cuts, so that taking a tensor apart step by step costs the square of its length. Here each piece is copied within the
 * heap, in as few runs as its shape allows.
 */

import { backend_util, Slice, SplitV, slice_util, type TensorInfo, Unpack, util } from '@tensorflow/tfjs-core';
import { copyInHeap, type WasmBackend } from '../wasm-backend.ts';
import type { Repair } from './repair.ts';

interface SliceAttrs {
  readonly begin: number | number[];
  readonly size: number | number[];
}

export const wasmSlice: Repair<WasmBackend, { readonly x: TensorInfo }, SliceAttrs> = {
  kernel: Slice,
  backend: 'wasm',
  make: (original) => (call) => {
    const { backend, inputs, attrs } = call;
    const { x } = inputs;
    if (x.dtype === 'string') return original(call);
    const [begin, size] = slice_util.parseSliceParams(x, attrs.begin, attrs.size) as [number[], number[]];
    slice_util.assertParamsValid(x, begin, size);
    return cut(backend, x, begin, size);
  },
};

interface SplitAttrs {
  readonly numOrSizeSplits: number | number[];
  readonly axis: number;
}

export const wasmSplit: Repair<WasmBackend, { readonly x: TensorInfo }, SplitAttrs, TensorInfo[]> = {
  kernel: SplitV,
  backend: 'wasm',
  make: (original) => (call) => {
    const { backend, inputs, attrs } = call;
    const { x } = inputs;
    if (x.dtype === 'string') return original(call);
    const axis = util.parseAxisParam(attrs.axis, x.shape)[0]!;
    return cutAlong(backend, x, axis, backend_util.prepareSplitSize(x, attrs.numOrSizeSplits, axis));
  },
};

export const wasmUnpack: Repair<WasmBackend, { readonly value: TensorInfo }, { readonly axis: number }, TensorInfo[]> =
  {
    kernel: Unpack,
    backend: 'wasm',
    make: (original) => (call) => {
      const { backend, inputs, attrs } = call;
      const { value } = inputs;
      if (value.dtype === 'string') return original(call);
      const axis = util.parseAxisParam(attrs.axis, value.shape)[0]!;
      const pieces = cutAlong(backend, value, axis, new Array(value.shape[axis]!).fill(1));
      return pieces.map((piece) => ({ ...piece, shape: value.shape.toSpliced(axis, 1) }));
    },
  };

/** Pieces of these lengths along an axis, one after the other. */
function cutAlong(backend: WasmBackend, x: TensorInfo, axis: number, lengths: readonly number[]): TensorInfo[] {
  let start = 0;
  return lengths.map((length) => {
    const begin = x.shape.map((_, i) => (i === axis ? start : 0));
    start += length;
    return cut(backend, x, begin, x.shape.with(axis, length));
  });
}

function cut(backend: WasmBackend, x: TensorInfo, begin: readonly number[], size: number[]): TensorInfo {
  const out = backend.makeOutput(size, x.dtype);
  const strides = [...util.computeStrides(x.shape), 1];
  // From the last axis that is cut on, what is taken lies in one run.
  const lastCut = Math.max(
    0,
    size.findLastIndex((length, axis) => length < x.shape[axis]!),
  );
  const run = util.sizeFromShape(size.slice(lastCut));
  const copy = copyInHeap(backend, x, out);
  let end = 0;
  const walk = (axis: number, offset: number): void => {
    const start = offset + (begin[axis] ?? 0) * (strides[axis] ?? 0);
    if (axis >= lastCut) {
      copy(start, run, end);
      end += run;
      return;
    }
    for (let i = 0; i < size[axis]!; i++) walk(axis + 1, start + i * strides[axis]!);
  };
  if (util.sizeFromShape(size) > 0) walk(0, 0);
  return out;
}
