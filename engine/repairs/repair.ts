/** How a kernel of a TensorFlow.js backend is replaced by one of ours, once, whoever asks and how often. */

import {
  getKernel,
  type KernelConfig,
  type KernelFunc,
  type KernelSetupFunc,
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

export type Kernel<Backend, Inputs, Attrs, Output> = (call: KernelCall<Backend, Inputs, Attrs>) => Output;

/** A kernel of ours; `Output` is one tensor or a list of them. */
export interface Repair<Backend, Inputs, Attrs, Output = TensorInfo> {
  readonly kernel: string;
  readonly backend: string;
  /** Called whenever the backend is set, before any kernel runs. */
  setup?(backend: Backend): void;
  /** @param original the kernel that is replaced; undefined at run time where the backend has none */
  make(original: Kernel<Backend, Inputs, Attrs, Output>): Kernel<Backend, Inputs, Attrs, Output>;
}

const ours = new Set<KernelConfig>();

/**
 * Puts a kernel of ours in the place of the backend's. It must be called before `setBackend`, which is when
 * TensorFlow.js runs the set-up of every kernel; the original's set-up is kept, so that ours can call the original.
 */
export function install<Backend, Inputs, Attrs, Output>({
  kernel,
  backend,
  setup,
  make,
}: Repair<Backend, Inputs, Attrs, Output>): void {
  const original: KernelConfig | undefined = getKernel(kernel, backend);
  if (original !== undefined && ours.has(original)) return;
  const config: KernelConfig = {
    kernelName: kernel,
    backendName: backend,
    kernelFunc: make(
      original?.kernelFunc as unknown as Kernel<Backend, Inputs, Attrs, Output>,
    ) as unknown as KernelFunc,
    setupFunc: ((started: Backend) => {
      original?.setupFunc?.(started as object);
      setup?.(started);
    }) as KernelSetupFunc,
  };
  // Registering over a kernel prints a warning.
  if (original !== undefined) unregisterKernel(kernel, backend);
  registerKernel(config);
  ours.add(config);
}
