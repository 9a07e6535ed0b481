/**
 * Which TensorFlow.js backend runs.
 *
 * Packages are imported only when their engine is tried: libtensorflow takes seconds to load, and is an optional peer.
 */

import * as tf from '@tensorflow/tfjs-core';
import { MillraceError, unknownName } from '../pipeline/errors.ts';
import { type Engine, type EngineName, engineNames, type PassedOver } from './engine.ts';
import { guardHeap } from './heap-guard.ts';
import { loadKernels } from './kernels/kernels.ts';
import { findNative, startNative } from './native.ts';
import { repairCpu, repairGradients, repairWasm } from './repairs/index.ts';
import { reasonOf, unavailable } from './unavailable.ts';
import type { WasmBackend } from './wasm-backend.ts';
import { findGpu, startWebGpu } from './webgpu.ts';

let running: Engine | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Makes a TensorFlow.js backend the current one, with our repaired kernels.
 *
 * @param name `auto` keeps the engine that runs already, else takes the first of {@link engineNames} that works here;
 *   `webgpu` only on a GPU, where an engine that is asked for by name makes do with a software adapter
 * @returns the engine; asked again, the same
 * @throws MillraceError `MILLRACE_ENGINE` when the engine is not installed or cannot run here, `MILLRACE_USAGE` when
 *   there is none of that name
 */
export function startEngine(name: EngineName | 'auto' = 'auto'): Promise<Engine> {
  // One at a time: TensorFlow.js drops a backend that is still starting when another one is set.
  const engine = last.then(() => (name === 'auto' ? startFirst() : startNamed(name)));
  last = engine.catch(() => undefined);
  return engine;
}

async function startFirst(): Promise<Engine> {
  if (running !== undefined && tf.getBackend() === running.backend) return running;
  const passedOver: PassedOver[] = [];
  for (const name of engineNames) {
    try {
      running = { ...(await start(name, false)), passedOver };
      return running;
    } catch (error) {
      passedOver.push({ name, reason: reasonOf(name, error), error: error as MillraceError });
    }
  }
  throw new MillraceError('MILLRACE_ENGINE', 'No engine can run here', {
    found: passedOver.map(({ name, reason }) => `${name} ${reason}`).join('; '),
  });
}

async function startNamed(name: EngineName): Promise<Engine> {
  if (!engineNames.includes(name)) throw unknownName('engine', name, ['auto', ...engineNames]);
  if (running?.name === name && tf.getBackend() === running.backend) return running;
  running = await start(name, true);
  return running;
}

/** @param software whether a software adapter will do for webgpu */
async function start(name: EngineName, software: boolean): Promise<Engine> {
  if (name === 'webgpu') await findGpu(software);
  else if (name !== 'wasm' && name !== 'cpu') findNative(name);
  // The gradients of all operations: of the packages that Node can load, only this one registers them.
  await import('@tensorflow/tfjs-layers');
  repairGradients();
  if (name === 'webgpu') return startWebGpu();
  if (name !== 'wasm' && name !== 'cpu') return startNative(name);
  try {
    return await (name === 'wasm' ? startWasm() : startCpu());
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw unavailable(name, 'cannot be started', 'It comes with Millrace: install that anew.', error);
  }
}

async function startWasm(): Promise<Engine> {
  const { version_wasm: version } = await import('@tensorflow/tfjs-backend-wasm');
  repairWasm();
  await keepListeners(() => setBackend('wasm'));
  const backend = tf.backend() as unknown as WasmBackend;
  guardHeap(backend);
  const simd = Boolean(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'));
  const kernels = loadKernels(backend)?.build ?? 'none';
  return { name: 'wasm', backend: 'wasm', version, simd, kernels };
}

async function startCpu(): Promise<Engine> {
  const { version_cpu: version } = await import('@tensorflow/tfjs-backend-cpu');
  repairCpu();
  await setBackend('cpu');
  // With its first tensor it would print an advertisement for another backend.
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  return { name: 'cpu', backend: 'cpu', version };
}

async function setBackend(backend: string): Promise<void> {
  if (!(await tf.setBackend(backend))) {
    throw new MillraceError('MILLRACE_ENGINE', `TensorFlow.js could not start its ${backend} backend`);
  }
}

/**
 * Emscripten's start-up listens to uncaught errors only to throw them again, from a line of 60,000 characters that Node
 * then prints above the error. Those listeners go.
 */
async function keepListeners(start: () => Promise<void>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = new Map(events.map((event) => [event, process.rawListeners(event)]));
  await start();
  for (const event of events) {
    for (const listener of process.rawListeners(event)) {
      if (!before.get(event)!.includes(listener)) process.removeListener(event, listener as () => void);
    }
  }
}
