/**
 * What a GPU does comes to light later: a program that it refuses leaves its output as it was, and says so in an event
 * that nobody awaits. Numbers would be wrong without a word. So whoever reads after that is given the error.
 */

import { MillraceError } from '../pipeline/errors.ts';

/** The part of WebGPU's `GPUDevice` that we use. */
export interface GpuDevice {
  readonly lost: Promise<{ readonly message: string }>;
  addEventListener(type: 'uncapturederror', listener: (event: UncapturedError) => void): void;
  destroy(): void;
}

interface UncapturedError extends Event {
  readonly error: { readonly message: string };
}

/** The part of TensorFlow.js's backend that we use. */
export interface WebGpuBackend {
  read(dataId: object): Promise<unknown>;
  readSync(dataId: object): unknown;
  readonly tensorMap: { get(dataId: object): { readonly values: unknown; readonly complexTensorInfos?: unknown } };
}

/** Makes every read fail with `MILLRACE_ENGINE` once the device has refused something or is lost. */
export function watch(backend: WebGpuBackend, device: GpuDevice): void {
  let fault: MillraceError | undefined;
  device.addEventListener('uncapturederror', (event) => {
    // Dawn would print it, and all errors that follow from it.
    event.preventDefault();
    fault ??= broken('refused what it was to compute', event.error.message);
  });
  device.lost.then(({ message }) => {
    fault ??= broken('is lost', message);
  });

  const { read, readSync } = backend;
  backend.read = async (dataId) => {
    try {
      const values = await read.call(backend, dataId);
      if (fault) throw fault;
      return values;
    } catch (error) {
      throw fault ?? broken('could not be read from', (error as Error).message);
    }
  };
  backend.readSync = (dataId) => {
    if (fault) throw fault;
    const { values, complexTensorInfos } = backend.tensorMap.get(dataId);
    if (values == null && complexTensorInfos === undefined) throw notAtOnce();
    return readSync.call(backend, dataId);
  };
}

function broken(what: string, message: string): MillraceError {
  return new MillraceError('MILLRACE_ENGINE', `The GPU ${what}: ${message.split('\n')[0]}`, {
    hint: 'All that it computed since is void. --engine wasm runs everywhere.',
  });
}

function notAtOnce(): MillraceError {
  return new MillraceError('MILLRACE_ENGINE', 'What is on the GPU cannot be read synchronously', {
    hint: 'Use `await tensor.data()`, not `dataSync()`.',
  });
}
