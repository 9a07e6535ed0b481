/**
 * The engines on libtensorflow: `@tensorflow/tfjs-node` and `@tensorflow/tfjs-node-gpu`, both optional peers. They need
 * none of our repairs.
 */

import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { MillraceError } from '../pipeline/errors.ts';
import type { Engine } from './engine.ts';

export const nativePackages = { 'node-gpu': '@tensorflow/tfjs-node-gpu', node: '@tensorflow/tfjs-node' } as const;

export type NativeName = keyof typeof nativePackages;

/** Both packages register themselves under this name, and make themselves the current backend. */
const BACKEND = 'tensorflow';

/** From this version on, Node lacks functions that the packages call (`util.isNullOrUndefined`, `util.isArray`). */
const FIRST_NODE_WITHOUT = 23;

export function isInstalled(name: NativeName): boolean {
  try {
    createRequire(import.meta.url).resolve(nativePackages[name]);
    return true;
  } catch {
    return false;
  }
}

/**
 * Loads an engine on libtensorflow and has it compute something, since its faults show on first use.
 *
 * @throws MillraceError `MILLRACE_ENGINE` when it is not installed, cannot be loaded, fails, or is `node-gpu` and finds
 *   no GPU
 */
export async function startNative(name: NativeName): Promise<Engine> {
  if (!isInstalled(name)) throw unavailable(name, 'is not installed');
  // Its notices about the processor; warnings and errors stay.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  const previous = tf.getBackend();
  try {
    const { version } = (await import(nativePackages[name])) as { version: Record<string, string> };
    await tf.setBackend(BACKEND);
    const four = tf.tidy(() => tf.matMul([[2]], [[2]]).dataSync()[0]);
    if (four !== 4) throw unavailable(name, 'gives wrong results');
    if (name === 'node-gpu' && !(tf.backend() as unknown as { isUsingGpuDevice: boolean }).isUsingGpuDevice) {
      throw unavailable(name, 'finds no GPU that it can use');
    }
    return { name, backend: BACKEND, version: version['tfjs-node'] ?? 'unknown' };
  } catch (error) {
    // Out of the way of the other package, which wants the same name.
    if (tf.findBackend(BACKEND) !== null) tf.removeBackend(BACKEND);
    if (previous) await tf.setBackend(previous);
    throw error instanceof MillraceError ? error : unavailable(name, 'cannot be loaded', error);
  }
}

function unavailable(name: NativeName, what: string, cause?: unknown): MillraceError {
  const node = Number.parseInt(process.versions.node, 10);
  const needs = name === 'node-gpu' ? ', CUDA 11.2, cuDNN 8.1 and an NVIDIA GPU' : '';
  return new MillraceError('MILLRACE_ENGINE', `The ${name} engine ${what}`, {
    ...(node >= FIRST_NODE_WITHOUT && { expected: `Node below ${FIRST_NODE_WITHOUT}`, found: process.versions.node }),
    hint: `It takes \`npm install ${nativePackages[name]}@4.22.0\`, Node below ${FIRST_NODE_WITHOUT}${needs}; wasm and cpu run everywhere.${cause === undefined ? '' : ` The cause: ${String(cause)}`}`,
    cause,
  });
}
