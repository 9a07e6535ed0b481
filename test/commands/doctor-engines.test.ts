/** What doctor says of the engines, where their packages are hidden, or others planted in their place. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { EngineReport } from '../../engine/index.ts';
import { install, type Packages, runIn } from '../engine/installation.ts';
import { module, tfjsNode, webgpu } from '../engine/planted.ts';
import { softwareGpu } from '../engine/software-gpu.ts';
import { rowsOf } from './run-cli.ts';

/** Runs doctor with these packages. */
async function examine(
  t: ExecutionContext,
  packages: Packages,
  { args = [] as string[], env = process.env, preload = '' },
) {
  const folder = await install(t, packages);
  await writeFile(join(folder, 'preload.cjs'), preload);
  const options = { env: { ...env, MILLRACE_CACHE: join(folder, 'cache') }, node: ['--require', './preload.cjs'] };
  const { stdout, stderr, code } = await runIn(folder, ['cli.js', 'doctor', ...args], options);
  t.is(stderr + code, '0');
  return stdout;
}

/** What it says of each engine, and which one auto takes. */
async function diagnose(t: ExecutionContext, packages: Packages, env = process.env) {
  const said = await examine(t, packages, { args: ['--json'], env });
  const [found] = rowsOf<{ engine: string; engines: EngineReport[] }>(said);
  return { engine: found!.engine, of: Object.fromEntries(found!.engines.map((one) => [one.name, one])) };
}

test('of packages that throw, crash and lack a part, doctor says so, and nothing stops it', async (t) => {
  const { engine, of } = await diagnose(t, {
    hidden: ['@tensorflow/tfjs-backend-webgpu'],
    planted: {
      '@tensorflow/tfjs-node-gpu': module(
        '@tensorflow/tfjs-node-gpu',
        "throw new Error('libcudart.so.11.0: cannot open')",
      ),
      '@tensorflow/tfjs-node': module(
        '@tensorflow/tfjs-node',
        "console.error('an illegal instruction'); process.abort()",
      ),
    },
  });
  t.is(engine, 'wasm');
  t.like(of['tfjs-node-gpu'], { available: false, reason: 'cannot be loaded: libcudart.so.11.0: cannot open' });
  t.like(of['tfjs-node'], { available: false, reason: 'ended its process with SIGABRT: an illegal instruction' });
  t.like(of.webgpu, { available: false, reason: 'is not installed: @tensorflow/tfjs-backend-webgpu is missing' });
  t.true(of.wasm!.available && of.cpu!.available);
});

test('a library without a GPU, and Dawn without an adapter', async (t) => {
  const env = await softwareGpu();
  const { engine, of } = await diagnose(
    t,
    {
      hidden: ['@tensorflow/tfjs-node'],
      planted: {
        '@tensorflow/tfjs-node-gpu': tfjsNode('@tensorflow/tfjs-node-gpu'),
        webgpu: webgpu('null'),
      },
    },
    env,
  );
  t.is(engine, 'wasm');
  t.like(of['tfjs-node-gpu'], { available: false, reason: 'finds no GPU that it can use' });
  t.regex((of.webgpu as { reason: string }).reason, env ? /^finds no GPU$/ : /^finds no (GPU|Vulkan)/);
});

test('tfjs-node runs on a Node without the functions that it calls, and a software adapter is told from a GPU', async (t) => {
  const env = await softwareGpu();
  const before = `
    const util = require('util');
    if (!util.isNullOrUndefined(null) || util.isNullOrUndefined(0) || !util.isArray([])) throw new Error('util');`;
  const said = await examine(
    t,
    {
      hidden: ['@tensorflow/tfjs-node-gpu'],
      planted: { '@tensorflow/tfjs-node': tfjsNode('@tensorflow/tfjs-node', before) },
    },
    {
      ...(env && { env }),
      preload: "const util = require('util'); delete util.isNullOrUndefined; delete util.isArray;",
    },
  );
  t.regex(said, /\nengine {4}tfjs-node is what "auto" takes\n/);
  t.regex(said, /\n {2}tfjs-node {6}ready: 4\.22\.0\n/);
  t.regex(said, env ? /\n {2}webgpu {9}works, but not on a GPU: 4\.22\.0, .*SwiftShader/ : /\n {2}webgpu/);
});
