/**
 * `Transpose` of int32 and bool on webgpu. The backend hands integers to a function that takes floats, a program that the
 * GPU refuses; a matrix it turns by way of floats, which cannot hold all integers.
 */

import { type TensorInfo, Transpose, util } from '@tensorflow/tfjs-core';
import type { Repair } from './repair.ts';

interface Inputs {
  readonly x: TensorInfo;
}

interface Attrs {
  readonly perm: number[];
}

/** The part of the webgpu backend that the kernel needs. */
interface WebGpuBackend {
  /** Whether the tensors are small and not on the GPU; then their operation is done where they are. */
  shouldExecuteOnCPU(inputs: TensorInfo[]): boolean;
  runWebGPUProgram(program: Program, inputs: TensorInfo[], dtype: string): TensorInfo;
}

/** The backend puts a shader together from this, with functions for the coordinates of elements. */
interface Program {
  readonly variableNames: string[];
  readonly outputShape: number[];
  readonly workgroupSize: [number, number, number];
  /** Which axes of the output the groups are counted along. */
  readonly dispatchLayout: { readonly x: number[] };
  readonly dispatch: [number, number, number];
  /** Whether the shader is told the number of elements. */
  readonly size: boolean;
  readonly shaderKey: string;
  getUserCode(): string;
}

export const webGpuTranspose: Repair<WebGpuBackend, Inputs, Attrs> = {
  kernel: Transpose,
  backend: 'webgpu',
  make: (original) => (call) => {
    const { backend, inputs, attrs } = call;
    const { x } = inputs;
    if (x.dtype === 'float32' || backend.shouldExecuteOnCPU([x])) return original(call);
    return backend.runWebGPUProgram(transposeIntegers(x.shape, attrs.perm), [x], x.dtype);
  },
};

const GROUP = 64;

function transposeIntegers(shape: number[], perm: number[]): Program {
  const outputShape = perm.map((axis) => shape[axis]!);
  return {
    variableNames: ['A'],
    outputShape,
    workgroupSize: [GROUP, 1, 1],
    dispatchLayout: { x: perm.map((_, axis) => axis) },
    dispatch: [Math.ceil(util.sizeFromShape(outputShape) / GROUP), 1, 1],
    size: true,
    shaderKey: `millraceTransposeIntegers_${perm}`,
    getUserCode: () => shader(perm),
  };
}

const coordinates = ['x', 'y', 'z', 'w', 'u', 'v'];
const vectors = ['i32', 'i32', 'vec2<i32>', 'vec3<i32>', 'vec4<i32>', 'vec5', 'vec6'];

function shader(perm: number[]): string {
  const rank = perm.length;
  const from = perm.map((_, axis) => `to.${coordinates[perm.indexOf(axis)]}`);
  const source = rank < 2 ? 'index' : `getIndexFromCoords${rank}D(${vectors[rank]}(${from}), uniforms.aShape)`;
  return `
    fn main(index: i32) {
      if (index < uniforms.size) {
        let to = getCoordsFromIndex(index);
        setOutputAtIndexI32(index, A[${source}]);
      }
    }`;
}
