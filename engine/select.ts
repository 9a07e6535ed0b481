/**
 * Which TensorFlow.js backend runs.
 *
 * Packages are imported only when their engine is tried: libtensorflow takes seconds to load, and is an optional peer.
 */

import * as tf from '@tensorflow/tfjs-core';
import { MillraceError, unknownName } from '../pipeline/errors.ts';
import { guardHeap } from './heap-guard.ts';
import { repairCpu, repairGradients, repairWasm } from './repairs/index.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** From the fastest to the one that always works. */
export const engineNames = ['node-gpu', 'node', 'wasm', 'cpu'] as const;

export type EngineName = (typeof engineNames)[number];

/** A TensorFlow.js backend that is set, repaired and ready. */
export interface Engine {
  readonly name: EngineName;
  /** TensorFlow.js's own name for it: `tensorflow`, `wasm` or `cpu`. */
  readonly backend: string;
  /** Version of the package that provides it. */
  readonly version: string;
  /** Whether it uses SIMD instructions; known for wasm only. */
  readonly simd?: boolean;
}

let running: Engine | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Makes a TensorFlow.js backend the current one, with our repaired kernels.
 *
 * @param name `auto` keeps the engine that runs already, else takes the first of {@link engineNames} that works here
 * @returns the engine; asked again, the same
 * @throws MillraceError `MILLRACE_ENGINE` when the engine is not installed or cannot run here, `MILLRACE_USAGE` when
 *   there is none of that name
 */
export function startEngine(name: EngineName | 'auto' = 'auto'): Promise<Engine> {
  // One at a time: TensorFlow.js drops a backend that is still starting when another one is set.
  const engine = last.then(() => start(name));
  last = engine.catch(() => undefined);
  return engine;
}

async function start(name: EngineName | 'auto'): Promise<Engine> {
  if (name !== 'auto') return startOne(name);
  if (running !== undefined && tf.getBackend() === running.backend) return running;
  const reasons: string[] = [];
  for (const candidate of engineNames) {
    try {
      return await startOne(candidate);
    } catch (error) {
      reasons.push(String(error));
    }
  }
  throw new MillraceError('MILLRACE_ENGINE', 'No engine can run here', { found: reasons.join('; ') });
}

async function startOne(name: EngineName): Promise<Engine> {
  if (!engineNames.includes(name)) throw unknownName('engine', name, ['auto', ...engineNames]);
  // The gradients of all operations: of the packages that Node can load, only this one registers them.
  await import('@tensorflow/tfjs-layers');
  repairGradients();
  running = await starters[name]();
  return running;
}

const starters: Record<EngineName, () => Promise<Engine>> = {
  'node-gpu': () => startNative('node-gpu'),
  node: () => startNative('node'),
  wasm: startWasm,
  cpu: startCpu,
};

async function startWasm(): Promise<Engine> {
  const { version_wasm: version } = await import('@tensorflow/tfjs-backend-wasm');
  repairWasm();
  await keepListeners(() => setBackend('wasm'));
  guardHeap(tf.backend() as unknown as WasmBackend);
  const simd = Boolean(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'));
  return { name: 'wasm', backend: 'wasm', version, simd };
}

async function startCpu(): Promise<Engine> {
  const { version_cpu: version } = await import('@tensorflow/tfjs-backend-cpu');
  repairCpu();
  await setBackend('cpu');
  return { name: 'cpu', backend: 'cpu', version };
}

async function startNative(name: 'node-gpu' | 'node'): Promise<Engine> {
  throw new MillraceError('MILLRACE_ENGINE', `The ${name} engine is not installed`);
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
