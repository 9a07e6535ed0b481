/**
 * The engine's own kernels (`assembly/index.ts`), working in the memory of TensorFlow.js's wasm backend.
 *
 * Of two builds, the one with relaxed SIMD multiplies and adds in one instruction; it is taken where this Node runs it.
 */

import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { MillraceError } from '../../pipeline/errors.ts';
import { aligned, CACHE_LINE, type WasmBackend } from '../wasm-backend.ts';
import type { KernelBuild, KernelExports, Kernels } from './exports.ts';
import { checkKernels } from './self-check.ts';

const loaded = new WeakMap<object, Kernels | undefined>();
let warned = false;

/**
 * Loads the kernels into a backend's memory, and tries them. If its memory is not where it was in the version that this
 * was written for, or they compute something wrong, the backend goes on with its plain operations, and a warning on
 * stderr says so, once.
 */
export function loadKernels(backend: WasmBackend): Kernels | undefined {
  if (!loaded.has(backend)) loaded.set(backend, tryKernels(backend));
  return loaded.get(backend);
}

/** The kernels of a backend, if it has any. */
export function kernelsOf(backend: object): Kernels | undefined {
  return loaded.get(backend);
}

function tryKernels(backend: WasmBackend): Kernels | undefined {
  try {
    const kernels = instantiateKernels(backend, runsRelaxedSimd() ? 'relaxed-simd' : 'simd');
    checkKernels(backend, kernels);
    return kernels;
  } catch (error) {
    if (!warned)
      process.emitWarning(`The wasm engine runs without its own kernels, slowly: ${(error as Error).message}`);
    warned = true;
    return undefined;
  }
}

/**
 * A build of the kernels in a backend's memory. It takes some of that for good.
 *
 * @throws MillraceError `MILLRACE_ENGINE` when the memory is not where it was
 */
export function instantiateKernels(backend: WasmBackend, build: KernelBuild): Kernels {
  const memory = backend.wasm.asm.memory;
  if (memory === undefined) {
    throw new MillraceError('MILLRACE_ENGINE', 'The memory of the wasm backend is not where it was', {
      hint: 'Is @tensorflow/tfjs-backend-wasm of the version that Millrace depends on?',
    });
  }
  const module = new WebAssembly.Module(readModule(build));
  const run = new WebAssembly.Instance(module, { env: { memory } }).exports as KernelExports;
  const scratch = aligned(backend.wasm._malloc(run.multiplyScratch() + CACHE_LINE) >>> 0);
  return { build, run, scratch };
}

function runsRelaxedSimd(): boolean {
  const bytes = readModule('relaxed-simd');
  if (WebAssembly.validate(bytes)) return true;
  // Node 20 has it, behind a flag that may still be set.
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(bytes);
}

function readModule(build: KernelBuild): Uint8Array {
  const file = new URL(`./${build}.wasm`, import.meta.url);
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new MillraceError('MILLRACE_NOT_FOUND', "The engine's compiled kernels are not there", {
      origin: { source: file.pathname },
      hint: 'In a checkout, `npm run kernels` compiles them; `npm install` does so too.',
      cause,
    });
  }
}
