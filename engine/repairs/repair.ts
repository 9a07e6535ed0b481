/** How a kernel of a TensorFlow.js backend is replaced by one of ours, once, whoever asks and how often. */

import {
  type Attribute,
  getKernel,
  type KernelConfig,
  type KernelFunc,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core';

/** What a kernel is called with: named tensors, the attributes of the operation, and the backend that holds the data. */
export interface KernelCall<Backend, Inputs, Attrs> {
  readonly inputs: Inputs;
  readonly attrs: Attrs;
  readonly backend: Backend;
}

/** A kernel of ours, and what it is told of the one that it replaces. */
export interface Repair<Backend, Inputs, Attrs> {
  readonly kernel: string;
  readonly backend: string;
  /** Undefined when the backend has no such kernel. */
  make(original: KernelConfig | undefined): (call: KernelCall<Backend, Inputs, Attrs>) => TensorInfo;
}

const ours = new Set<KernelConfig>();

/**
 * Puts a kernel of ours in the place of the backend's. It must be called before `setBackend`, which is when
 * TensorFlow.js runs the set-up of every kernel; the original's set-up is kept, so that ours can call the original.
 */
export function install<Backend, Inputs, Attrs>(repair: Repair<Backend, Inputs, Attrs>): void {
  const original: KernelConfig | undefined = getKernel(repair.kernel, repair.backend);
  if (original !== undefined && ours.has(original)) return;
  const config: KernelConfig = {
    ...original,
    kernelName: repair.kernel,
    backendName: repair.backend,
    kernelFunc: repair.make(original) as unknown as KernelFunc,
  };
  // Registering over a kernel prints a warning.
  if (original !== undefined) unregisterKernel(repair.kernel, repair.backend);
  registerKernel(config);
  ours.add(config);
}

export type Attributes = Record<string, Attribute>;
