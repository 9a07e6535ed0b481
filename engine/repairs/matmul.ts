/**
 * `BatchMatMul` and `_FusedMatMul` on wasm, both as products of plain matrices by XNNPACK.
 *
 * What is wrong with the backend's own kernels:
 * - A product that is transposed or batched goes through a scalar loop, at a tenth of the speed. Every gradient of a
 *   product is transposed.
 * - That loop adds a fused bias once for each 48 steps of the inner dimension, clips partial sums, and gives each row
 *   after the first the last element of the bias.
 * - XNNPACK's packed copy of the right matrix is kept under the tensor's id whatever its shape. Once `b` has been a
 *   right matrix, `reshape(b)` is multiplied with the old shape and writes past the end of the output.
 *
 * Here matrices are transposed first (a pass over each, where the product takes one for every column of the other), and
 * multiplied one by one. What stays is that packed copy: a kernel that changes a tensor in place must not do so to one
 * that has been a right matrix.
 */

import {
  _FusedMatMul,
  BatchMatMul,
  broadcast_util,
  type NamedTensorInfoMap,
  type TensorInfo,
  Transpose,
  util,
} from '@tensorflow/tfjs-core';
import { MillraceError } from '../../pipeline/errors.ts';
import { runWasmKernel, type WasmBackend } from '../wasm-backend.ts';
import type { KernelCall, Repair } from './repair.ts';

interface Inputs {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}

interface FusedInputs extends Inputs {
  readonly bias?: TensorInfo;
  readonly preluActivationWeights?: TensorInfo;
}

interface Attrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

interface FusedAttrs extends Attrs {
  readonly activation: keyof typeof activationCodes | 'prelu';
  readonly leakyreluAlpha?: number;
}

/** The library's numbers for what it can do to each element of a product on the way out. */
const activationCodes = { linear: 0, relu: 1, relu6: 2, leakyrelu: 4, sigmoid: 5, elu: 6 } as const;

/** What is done to each matrix of the product: `activation(product + bias)`. */
interface Finish {
  readonly activation: keyof typeof activationCodes;
  /** `[columns]`. */
  readonly bias?: TensorInfo | undefined;
  readonly leakyreluAlpha?: number | undefined;
}

let multiplyMatrices: (...values: (number | Uint8Array)[]) => void;

function setup(backend: WasmBackend): void {
  multiplyMatrices = backend.wasm.cwrap(_FusedMatMul, null, [
    ...(['number', 'array', 'number'] as const), // a: id, shape, rank
    ...(['number', 'array', 'number'] as const), // b: id, shape, rank
    ...(['number', 'number'] as const), // whether a and b are transposed
    ...(['number', 'number', 'number', 'number'] as const), // activation, bias, PReLU's weights, leaky ReLU's slope
    'number', // output
  ]);
}

export const wasmBatchMatMul: Repair<WasmBackend, Inputs, Attrs> = {
  kernel: BatchMatMul,
  backend: 'wasm',
  setup,
  make: () => (call) => multiply(call, { activation: 'linear' }),
};

export const wasmFusedMatMul: Repair<WasmBackend, FusedInputs, FusedAttrs> = {
  kernel: _FusedMatMul,
  backend: 'wasm',
  setup,
  make: () => (call) => {
    const { inputs, attrs } = call;
    const { activation, leakyreluAlpha } = attrs;
    const inner = inputs.a.shape.at(attrs.transposeA ? -2 : -1)!;
    const columns = inputs.b.shape.at(attrs.transposeB ? -2 : -1)!;
    const fits = inputs.bias === undefined || util.arraysEqual(inputs.bias.shape, [columns]);
    return inner > 0 && fits && activation !== 'prelu'
      ? multiply(call, { activation, bias: inputs.bias, leakyreluAlpha })
      : multiplyThenFinish(call);
  },
};

const activationKernels = { relu: 'Relu', relu6: 'Relu6', leakyrelu: 'LeakyRelu', sigmoid: 'Sigmoid', elu: 'Elu' };

/** The same with kernels of their own, which broadcast a bias or PReLU's weights of any shape. */
function multiplyThenFinish(call: KernelCall<WasmBackend, FusedInputs, FusedAttrs>): TensorInfo {
  const { backend, inputs, attrs } = call;
  let result = multiply(call, { activation: 'linear' });
  const then = (kernel: string, name: string, others: NamedTensorInfoMap = {}): void => {
    const previous = result;
    result = runWasmKernel(backend, kernel, { [name]: previous, ...others }, { alpha: attrs.leakyreluAlpha ?? 0 });
    backend.disposeData(previous.dataId);
  };
  if (inputs.bias !== undefined) then('Add', 'a', { b: inputs.bias });
  if (attrs.activation === 'prelu') then('Prelu', 'x', { alpha: inputs.preluActivationWeights });
  else if (attrs.activation !== 'linear') then(activationKernels[attrs.activation], 'x');
  return result;
}

/** The products of two stacks of matrices, whose leading axes are broadcast. */
function multiply({ backend, inputs, attrs }: KernelCall<WasmBackend, Inputs, Attrs>, finish: Finish): TensorInfo {
  if (inputs.a.dtype !== 'float32' || inputs.b.dtype !== 'float32') {
    throw new MillraceError('MILLRACE_ENGINE', 'The wasm engine cannot multiply these matrices', {
      expected: 'float32 and float32',
      found: `${inputs.a.dtype} and ${inputs.b.dtype}`,
      hint: 'Cast them to float32.',
    });
  }
  const a = attrs.transposeA ? transpose(backend, inputs.a) : inputs.a;
  const b = attrs.transposeB ? transpose(backend, inputs.b) : inputs.b;
  const size: Size = { rows: a.shape.at(-2)!, inner: a.shape.at(-1)!, columns: b.shape.at(-1)! };
  const stackA = a.shape.slice(0, -2);
  const stackB = b.shape.slice(0, -2);
  const stack = broadcast_util.assertAndGetBroadcastShape(stackA, stackB);
  const out = backend.makeOutput([...stack, size.rows, size.columns], 'float32');
  const indicesA = broadcastIndices(stackA, stack);
  const indicesB = broadcastIndices(stackB, stack);
  if (size.inner === 0) backend.typedArrayFromHeap(out).fill(0);
  else if (size.rows > 0 && size.columns > 0) {
    indicesA.forEach((indexA, index) => {
      multiplyOne(
        backend,
        { tensor: a, index: indexA },
        { tensor: b, index: indicesB[index]! },
        { tensor: out, index },
        size,
        finish,
      );
    });
  }
  if (a !== inputs.a) backend.disposeData(a.dataId);
  if (b !== inputs.b) backend.disposeData(b.dataId);
  return out;
}

/** One matrix of a stack of them. */
interface Matrix {
  readonly tensor: TensorInfo;
  readonly index: number;
}

interface Size {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

function multiplyOne(backend: WasmBackend, a: Matrix, b: Matrix, out: Matrix, size: Size, finish: Finish): void {
  const { rows, inner, columns } = size;
  const views: TensorInfo[] = [];
  const idOf = (matrix: Matrix, length: number, ownId: boolean): number => {
    const isWhole = util.sizeFromShape(matrix.tensor.shape) === length;
    if (isWhole && ownId) return backend.dataIdMap.get(matrix.tensor.dataId).id;
    const slice = view(backend, matrix, length);
    views.push(slice);
    return backend.dataIdMap.get(slice.dataId).id;
  };
  multiplyMatrices(
    ...[idOf(a, rows * inner, true), shapeBytes(rows, inner), 3],
    // Under its own id a right matrix stays packed until it is disposed of, so the weights of a cell are packed once
    // for all its steps; a view is packed for this product only.
    ...[idOf(b, inner * columns, isPackedAs(b.tensor, `${inner}x${columns}`)), shapeBytes(inner, columns), 3],
    ...[0, 0],
    activationCodes[finish.activation],
    finish.bias === undefined ? 0 : backend.dataIdMap.get(finish.bias.dataId).id,
    0,
    finish.leakyreluAlpha ?? 0,
    idOf(out, rows * columns, true),
  );
  for (const { dataId } of views) {
    backend.wasm.tfjs.disposeData(backend.dataIdMap.get(dataId).id);
    backend.dataIdMap.delete(dataId);
  }
}

/** The elements of one matrix under an id of their own, to be forgotten (not disposed of) after use. */
function view(backend: WasmBackend, { tensor, index }: Matrix, length: number): TensorInfo {
  const start = backend.dataIdMap.get(tensor.dataId).memoryOffset;
  return backend.makeOutput([length], 'float32', start + index * length * Float32Array.BYTES_PER_ELEMENT);
}

const packedShapes = new WeakMap<object, string>();

/** Whether the data is, or may now be, packed in this shape: the first one in which it was a right matrix. */
function isPackedAs({ dataId }: TensorInfo, shape: string): boolean {
  if (!packedShapes.has(dataId)) packedShapes.set(dataId, shape);
  return packedShapes.get(dataId) === shape;
}

/** Swaps the last two axes. */
function transpose(backend: WasmBackend, x: TensorInfo): TensorInfo {
  const perm = x.shape.map((_, axis) => axis);
  perm.push(...perm.splice(-2).reverse());
  return runWasmKernel(backend, Transpose, { x }, { perm });
}

/** For each matrix of the broadcast stack, in order, the index of the matrix that stands there in the given stack. */
function broadcastIndices(stack: number[], broadcast: number[]): number[] {
  let indices = [0];
  const missing = broadcast.length - stack.length;
  broadcast.forEach((length, axis) => {
    const own = stack[axis - missing] ?? 1;
    indices = indices.flatMap((index) => Array.from({ length }, (_, i) => index * own + (own === 1 ? 0 : i)));
  });
  return indices;
}

function shapeBytes(rows: number, columns: number): Uint8Array {
  return new Uint8Array(new Int32Array([1, rows, columns]).buffer);
}
