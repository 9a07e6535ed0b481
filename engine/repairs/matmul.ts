/**
 * `BatchMatMul` and `_FusedMatMul` on wasm, by the engine's own product of matrices (`../kernels/assembly/multiply.ts`).
 *
 * What is wrong with the backend's own kernels:
 * - A product that is transposed or batched goes through a scalar loop, at a thirtieth of the speed. Every gradient of a
 *   product is transposed.
 * - That loop adds a fused bias once for each 48 steps of the inner dimension, clips partial sums, and gives each row
 *   after the first the last element of the bias.
 * - A packed copy of the right matrix is kept under the tensor's id, whatever its shape and whatever becomes of its
 *   elements. Once `b` has been a right matrix, `reshape(b)` is multiplied with the old shape and writes past the end of
 *   the output, and a change of `b` in place is not seen.
 *
 * Where our kernel could not be loaded, the same is done in JavaScript, right and slow.
 */

import {
  _FusedMatMul,
  BatchMatMul,
  broadcast_util,
  type NamedTensorInfoMap,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { MillraceError } from '../../pipeline/errors.ts';
import { kernelsOf } from '../kernels/kernels.ts';
import { multiplyPlainly } from '../kernels/plain-product.ts';
import { multiply, type Product } from '../kernels/product.ts';
import { addressOf, runWasmKernel, type WasmBackend } from '../wasm-backend.ts';
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

/** As in `../kernels/assembly/activate.ts`. */
const activationCodes = { linear: 0, relu: 1, relu6: 2, leakyrelu: 3, sigmoid: 4, elu: 5 } as const;

export const wasmBatchMatMul: Repair<WasmBackend, Inputs, Attrs> = {
  kernel: BatchMatMul,
  backend: 'wasm',
  make: () => (call) => multiplyStacks(call),
};

export const wasmFusedMatMul: Repair<WasmBackend, FusedInputs, FusedAttrs> = {
  kernel: _FusedMatMul,
  backend: 'wasm',
  make: () => (call) => {
    const { inputs, attrs, backend } = call;
    const { activation, leakyreluAlpha } = attrs;
    const kernels = kernelsOf(backend);
    const columns = inputs.b.shape.at(attrs.transposeB ? -2 : -1)!;
    const fits = inputs.bias === undefined || util.arraysEqual(inputs.bias.shape, [columns]);
    if (kernels === undefined || !fits || activation === 'prelu') return multiplyThenFinish(call);
    const out = multiplyStacks(call, inputs.bias);
    if (activation !== 'linear') {
      const code = activationCodes[activation];
      kernels.run.activate(code, addressOf(backend, out), util.sizeFromShape(out.shape), leakyreluAlpha ?? 0);
    }
    return out;
  },
};

function checkTypes(a: TensorInfo, b: TensorInfo): void {
  if (a.dtype === 'float32' && b.dtype === 'float32') return;
  throw new MillraceError('MILLRACE_ENGINE', 'The wasm engine cannot multiply these matrices', {
    expected: 'float32 and float32',
    found: `${a.dtype} and ${b.dtype}`,
    hint: 'Cast them to float32.',
  });
}

const activationKernels = { relu: 'Relu', relu6: 'Relu6', leakyrelu: 'LeakyRelu', sigmoid: 'Sigmoid', elu: 'Elu' };

/** The same with kernels of their own, which broadcast a bias or PReLU's weights of any shape. */
function multiplyThenFinish(call: KernelCall<WasmBackend, FusedInputs, FusedAttrs>): TensorInfo {
  const { backend, inputs, attrs } = call;
  let result = multiplyStacks(call);
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

/**
 * The products of two stacks of matrices, whose leading axes are broadcast.
 *
 * @param bias `[columns]`
 */
function multiplyStacks(
  { backend, inputs, attrs }: KernelCall<WasmBackend, Inputs, Attrs>,
  bias?: TensorInfo,
): TensorInfo {
  const { a, b } = inputs;
  checkTypes(a, b);
  const { transposeA: leftTransposed, transposeB: rightTransposed } = attrs;
  const [rows, inner] = (leftTransposed ? a.shape.slice(-2).reverse() : a.shape.slice(-2)) as [number, number];
  const columns = b.shape.at(rightTransposed ? -2 : -1)!;
  const stackA = a.shape.slice(0, -2);
  const stackB = b.shape.slice(0, -2);
  const stack = broadcast_util.assertAndGetBroadcastShape(stackA, stackB);
  const result = backend.makeOutput([...stack, rows, columns], 'float32');
  const [left, right, out] = [addressOf(backend, a), addressOf(backend, b), addressOf(backend, result)];
  const shared = { inner, columns, leftTransposed, rightTransposed, bias: bias && addressOf(backend, bias) };
  const multiply = multiplier(backend);
  if (util.sizeFromShape(stackB) === 1 && !leftTransposed) {
    // One right matrix for all rows of the left ones, which follow one another.
    multiply({ ...shared, rows: util.sizeFromShape(stack) * rows, left, right, out });
    return result;
  }
  const indicesB = broadcastIndices(stackB, stack);
  broadcastIndices(stackA, stack).forEach((index, i) => {
    multiply({
      ...{ ...shared, rows },
      left: left + index * rows * inner * FLOAT,
      right: right + indicesB[i]! * inner * columns * FLOAT,
      out: out + i * rows * columns * FLOAT,
    });
  });
  return result;
}

function multiplier(backend: WasmBackend): (product: Product) => void {
  const kernels = kernelsOf(backend);
  return kernels
    ? (product) => multiply(kernels, product)
    : (product) => multiplyPlainly(backend.wasm.HEAPU8.buffer, product);
}

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

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
