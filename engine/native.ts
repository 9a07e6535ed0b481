/**
 * The engines on libtensorflow: `@tensorflow/tfjs-node` and `@tensorflow/tfjs-node-gpu`, both optional peers. Their kernels
 * need no repair.
 */

import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { MillraceError } from '../pipeline/errors.ts';
import type { Engine } from './engine.ts';
import { isInstalled } from './installed.ts';
import { repairGradients } from './repairs/index.ts';
import { unavailable } from './unavailable.ts';

const packages = { 'tfjs-node-gpu': '@tensorflow/tfjs-node-gpu', 'tfjs-node': '@tensorflow/tfjs-node' } as const;

export type NativeName = keyof typeof packages;

/** Both packages register themselves under this name, and make themselves the current backend. */
const BACKEND = 'tensorflow';

/** @throws MillraceError `MILLRACE_ENGINE` when it is not installed; that costs nothing to find out */
export function findNative(name: NativeName): void {
  if (!isInstalled(packages[name])) throw unavailable(name, 'is not installed', howToGet(name));
}

/**
 * Loads an engine on libtensorflow and has it compute something, since its faults show on first use.
 *
 * @throws MillraceError `MILLRACE_ENGINE` when it cannot be loaded, fails, or is `tfjs-node-gpu` and finds no GPU
 */
export async function startNative(name: NativeName): Promise<Engine> {
  const hint = howToGet(name);
  // Its notices about the processor; warnings and errors stay.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  supplyRemovedFunctions();
  const previous = tf.getBackend();
  try {
    const { version } = (await import(packages[name])) as { version: Record<string, string> };
    // The package has registered all gradients anew.
    repairGradients();
    await tf.setBackend(BACKEND);
    const four = tf.tidy(() => tf.matMul([[2]], [[2]]));
    const [value] = await four.data();
    four.dispose();
    if (value !== 4) throw unavailable(name, `says that 2 * 2 is ${value}`, hint);
    if (name === 'tfjs-node-gpu' && !(tf.backend() as unknown as { isUsingGpuDevice: boolean }).isUsingGpuDevice) {
      throw unavailable(name, 'finds no GPU that it can use', hint);
    }
    return { name, backend: BACKEND, version: version['tfjs-node'] ?? 'unknown' };
  } catch (error) {
    // Out of the way of the other package, which wants the same name.
    if (tf.findBackend(BACKEND) !== null) tf.removeBackend(BACKEND);
    if (previous) await tf.setBackend(previous);
    throw error instanceof MillraceError ? error : unavailable(name, 'cannot be loaded', hint, error);
  }
}

/** The packages call two functions of `node:util` that Node 23 and later removed, or warn of. */
function supplyRemovedFunctions(): void {
  // The object that `require('util')` gives them: the module as ES modules see it cannot be added to.
  const shared = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  shared.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  shared.isArray = Array.isArray;
}

function howToGet(name: NativeName): string {
  const needs = name === 'tfjs-node-gpu' ? ', with CUDA 11.2, cuDNN 8.1 and an NVIDIA GPU' : '';
  return `It takes \`npm install ${packages[name]}@4.22.0\`${needs}; see docs/engines.md. wasm and cpu run everywhere.`;
}
