/** Packages to plant in the place of real ones. */

import type { Planted } from './installation.ts';

/** A package of a single module. */
export const module = (name: string, code: string, type = 'commonjs'): Planted => ({
  'package.json': JSON.stringify({ name, version: '4.22.0', main: 'index.js', type }),
  'index.js': code,
});

/**
 * What looks like tfjs-node from outside: it registers its backend, here one in JavaScript that has no GPU, and makes it
 * the current one.
 *
 * @param before what it does first
 */
export const tfjsNode = (name: string, before = ''): Planted =>
  module(
    name,
    `${before}
    const tf = require('@tensorflow/tfjs-core');
    const { MathBackendCPU } = require('@tensorflow/tfjs-backend-cpu');
    tf.copyRegisteredKernels('cpu', 'tensorflow');
    tf.registerBackend('tensorflow', () => Object.assign(new MathBackendCPU(), { isUsingGpuDevice: false, firstUse: false }));
    tf.setBackend('tensorflow');
    exports.version = { 'tfjs-node': '4.22.0' };`,
  );

/** Dawn with another adapter than the machine's. */
export const webgpu = (adapter: string): Planted =>
  module(
    'webgpu',
    `import { create as dawn, globals } from ${JSON.stringify(import.meta.resolve('webgpu'))};
    export { globals };
    export const create = (flags) => {
      const gpu = dawn(flags);
      return { requestAdapter: async (options) => { const real = await gpu.requestAdapter(options); return ${adapter}; } };
    };`,
    'module',
  );

export const hardware = `new Proxy(real, { get: (real, key) => {
  if (key === 'info') return { vendor: 'acme', architecture: 'waterwheel', device: '', description: '', isFallbackAdapter: false };
  return typeof real[key] === 'function' ? real[key].bind(real) : real[key];
} })`;
