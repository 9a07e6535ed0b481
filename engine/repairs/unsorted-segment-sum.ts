/**
 * `UnsortedSegmentSum`, the gradient of every embedding look-up.
 *
 * The wasm backend has no such kernel, so training any embedding on it fails. The cpu backend makes one masked product
 * of the whole input for each segment: O(V N D) for V segments, where one pass over the input, O(N D), is enough.
 */

import { type DataType, type TensorInfo, UnsortedSegmentSum, util } from '@tensorflow/tfjs-core';
import { kernelsOf } from '../kernels/kernels.ts';
import { addressOf, type HeapView, type WasmBackend } from '../wasm-backend.ts';
import type { Repair } from './repair.ts';

interface Inputs {
  readonly x: TensorInfo;
  readonly segmentIds: TensorInfo;
}

interface Attrs {
  readonly numSegments: number;
}

/** The part of the cpu backend that the kernel needs. */
interface CpuBackend {
  readSync(dataId: object): HeapView;
  makeTensorInfo(shape: number[], dtype: DataType, values: HeapView): TensorInfo;
}

export const wasmUnsortedSegmentSum: Repair<WasmBackend, Inputs, Attrs> = {
  kernel: UnsortedSegmentSum,
  backend: 'wasm',
  make: () => (call) => {
    const { inputs, backend, attrs } = call;
    const sums = backend.makeOutput(outputShape(call), inputs.x.dtype);
    const ids = backend.typedArrayFromHeap(inputs.segmentIds);
    const kernels = kernelsOf(backend);
    if (kernels && inputs.x.dtype === 'float32') {
      const width = attrs.numSegments === 0 ? 0 : util.sizeFromShape(sums.shape) / attrs.numSegments;
      backend.typedArrayFromHeap(sums).fill(0);
      const [x, segments, out] = [inputs.x, inputs.segmentIds, sums].map((tensor) => addressOf(backend, tensor));
      kernels.run.addRows(x!, segments!, ids.length, width, attrs.numSegments, out!);
      return sums;
    }
    addRows(
      backend.typedArrayFromHeap(inputs.x),
      ids,
      backend.typedArrayFromHeap(sums).fill(0),
      call.attrs.numSegments,
    );
    return sums;
  },
};

export const cpuUnsortedSegmentSum: Repair<CpuBackend, Inputs, Attrs> = {
  kernel: UnsortedSegmentSum,
  backend: 'cpu',
  make: () => (call) => {
    const { inputs, backend } = call;
    const shape = outputShape(call);
    const size = util.sizeFromShape(shape);
    const sums = inputs.x.dtype === 'float32' ? new Float32Array(size) : new Int32Array(size);
    const ids = backend.readSync(inputs.segmentIds.dataId);
    addRows(backend.readSync(inputs.x.dataId), ids, sums, call.attrs.numSegments);
    return backend.makeTensorInfo(shape, inputs.x.dtype, sums);
  },
};

/** The ids label the leading axes of `x`; what is left of its shape is one row. */
function outputShape({ inputs: { x, segmentIds }, attrs }: { inputs: Inputs; attrs: Attrs }): number[] {
  return [attrs.numSegments, ...x.shape.slice(segmentIds.shape.length)];
}

/** `sums[ids[i]] += rows[i]`. As in TensorFlow, an id that is no segment drops its row. */
function addRows(rows: HeapView, ids: HeapView, sums: HeapView, segments: number): void {
  const width = segments === 0 ? 0 : sums.length / segments;
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (id < 0 || id >= segments) continue;
    const from = row * width;
    const to = id * width;
    for (let column = 0; column < width; column++) sums[to + column]! += rows[from + column]!;
  }
}
