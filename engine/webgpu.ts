/**
 * The engine on a GPU: Dawn, the WebGPU of Chromium, as npm's `webgpu` packs it for Node, under TensorFlow.js's backend
 * for browsers. Both are optional peers.
 */

import * as tf from '@tensorflow/tfjs-core';
import { MillraceError } from '../pipeline/errors.ts';
import type { Adapter, Engine } from './engine.ts';
import { isInstalled } from './installed.ts';
import { repairWebGpu } from './repairs/index.ts';
import { unavailable } from './unavailable.ts';
import { type GpuDevice, type WebGpuBackend, watch } from './webgpu-watch.ts';

const BACKEND = 'webgpu';
const packages = { dawn: 'webgpu', backend: '@tensorflow/tfjs-backend-webgpu' } as const;

/** The part of WebGPU's `GPUAdapter` that we look at. */
interface GpuAdapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter: boolean;
  };
}

interface Gpu {
  requestAdapter(options: { powerPreference: 'high-performance' }): Promise<GpuAdapter | null>;
}

interface Dawn {
  create(flags: string[]): Gpu;
  readonly globals: object;
}

interface Found {
  readonly adapter: GpuAdapter;
  /** Dawn ends when nobody holds this any more. */
  readonly gpu: Gpu;
  readonly globals: object;
}

let found: Found | undefined;

/**
 * Looks for the fastest GPU that there is.
 *
 * @param software whether to make do with a software adapter
 * @throws MillraceError `MILLRACE_ENGINE` when the engine is not installed, cannot be loaded, or finds no such GPU
 */
export async function findGpu(software: boolean): Promise<void> {
  try {
    found ??= await find();
  } catch (error) {
    throw asUnavailable(error);
  }
  const adapter = describe(found.adapter);
  if (adapter.software && !software) {
    const hint = 'It is slower than wasm, and runs only if it is asked for by name.';
    throw unavailable('webgpu', `finds only a software adapter (${adapter.name})`, hint);
  }
}

/**
 * Starts the engine on the GPU that was found.
 *
 * @throws MillraceError `MILLRACE_ENGINE` when it cannot be loaded, or fails
 */
export async function startWebGpu(): Promise<Engine> {
  const { adapter, globals } = found!;
  const previous = tf.getBackend();
  try {
    if (tf.findBackend(BACKEND) === null) await start(adapter, globals);
    else await tf.setBackend(BACKEND);
    return { name: 'webgpu', backend: BACKEND, version: tf.version_core, adapter: describe(adapter) };
  } catch (error) {
    // Or it would be taken for started the next time.
    if (tf.findBackend(BACKEND) !== null) tf.removeBackend(BACKEND);
    if (previous) await tf.setBackend(previous);
    throw asUnavailable(error);
  }
}

function asUnavailable(error: unknown): MillraceError {
  return error instanceof MillraceError ? error : unavailable('webgpu', 'cannot be loaded', howToGet, error);
}

async function find(): Promise<Found> {
  const missing = Object.values(packages).filter((name) => !isInstalled(name));
  if (missing.length === 2) throw unavailable('webgpu', 'is not installed', howToGet);
  if (missing.length === 1) throw unavailable('webgpu', `is not installed: ${missing} is missing`, howToGet);
  if (process.platform === 'linux' && !canLoad(VULKAN)) {
    throw unavailable('webgpu', `finds no Vulkan (${VULKAN})`, 'Install the driver of the GPU, and libvulkan1.');
  }
  const { create, globals } = (await import(packages.dawn)) as Dawn;
  const gpu = create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw unavailable('webgpu', 'finds no GPU', 'Install the driver of the GPU.');
  return { adapter, gpu, globals };
}

async function start(adapter: GpuAdapter, globals: object): Promise<void> {
  await show(adapter, globals);
  if (!(await tf.setBackend(BACKEND))) throw unavailable('webgpu', 'cannot be started', howToGet);
  const backend = tf.backend() as unknown as WebGpuBackend & { readonly device: GpuDevice };
  watch(backend, backend.device);
  // Or Dawn may still be at work when Node takes its libraries away.
  process.once('exit', () => backend.device.destroy());
  const four = tf.matMul([[2]], [[2]]);
  const [value] = await four.data();
  four.dispose();
  if (value !== 4) throw unavailable('webgpu', `says that 2 * 2 is ${value}`, 'Update the driver of the GPU.');
}

/** Shows the GPU to TensorFlow.js where a browser would, and loads the backend: it registers itself only if it sees one. */
async function show(adapter: GpuAdapter, globals: object): Promise<void> {
  Object.assign(globalThis, globals);
  const scope = globalThis as { navigator?: object };
  if (scope.navigator === undefined) Object.defineProperty(scope, 'navigator', { value: {}, configurable: true });
  // From Node 21 on there is a `navigator`, which takes no assignments.
  const value = { requestAdapter: async () => adapter };
  Object.defineProperty(scope.navigator, 'gpu', { value, configurable: true });
  await import(packages.backend);
  repairWebGpu();
}

function describe({ info }: GpuAdapter): Adapter {
  const { vendor, architecture, device, description } = info;
  const model = (device || architecture).replace(/-+$/, '');
  const name = [vendor, model, description].filter(Boolean).join(', ');
  // Windows gives its renderer no such type.
  return { name, software: info.isFallbackAdapter || /swiftshader|llvmpipe|basic render/i.test(name) };
}

const VULKAN = 'libvulkan.so.1';

/** Whether there is such a library; Dawn itself would say on stderr that there is none. */
function canLoad(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library);
    return true;
  } catch (error) {
    // What is no addon of Node is found all the same.
    return (error as Error).message.includes('self-register');
  }
}

const howToGet = `It takes \`npm install ${packages.dawn}@0.6.2 ${packages.backend}@4.22.0\` and a GPU with its driver; see docs/engines.md.`;
