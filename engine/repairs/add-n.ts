/**
 * `AddN` on webgpu. The backend gives all its terms to one program, and a GPU refuses a program with more inputs than it
 * has places for: eight, the output among them, is what all GPUs have.
 */

import { AddN, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Repair } from './repair.ts';

interface WebGpuBackend {
  readonly device: { readonly limits: { readonly maxStorageBuffersPerShaderStage: number } };
  /** Gives up one reference. */
  disposeData(dataId: object): boolean;
}

export const webGpuAddN: Repair<WebGpuBackend, readonly TensorInfo[], object> = {
  kernel: AddN,
  backend: 'webgpu',
  make: (original) => (call) => {
    const { backend, inputs } = call;
    const most = backend.device.limits.maxStorageBuffersPerShaderStage - 1;
    const add = (terms: readonly TensorInfo[]): TensorInfo => {
      if (terms.length <= most) return original({ ...call, inputs: terms });
      const first = add(terms.slice(0, most));
      const sum = add([first, ...terms.slice(most)]);
      backend.disposeData(first.dataId);
      return sum;
    };
    return add(inputs);
  },
};
