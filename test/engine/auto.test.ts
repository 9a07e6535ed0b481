/** What auto takes, where packages are hidden, or others planted in their place. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { install, type Packages, runIn } from './installation.ts';
import { hardware, webgpu } from './planted.ts';
import { softwareGpu } from './software-gpu.ts';

interface Taken {
  readonly name: string;
  readonly passedOver: { readonly name: string; readonly reason: string; readonly error: { readonly hint: string } }[];
}

async function take(t: ExecutionContext, packages: Packages, env = process.env): Promise<Taken> {
  const folder = await install(t, packages);
  await writeFile(
    join(folder, 'take.js'),
    "import { startEngine } from './engine/index.js';\nconsole.log(JSON.stringify(await startEngine()));\n",
  );
  const { stdout, stderr, code } = await runIn(folder, ['take.js'], { env });
  t.is(stderr + code, '0');
  return JSON.parse(stdout) as Taken;
}

const absent = ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu'];

test('where nothing is installed, it takes what is left, and knows how to get the others', async (t) => {
  const dawn = ['webgpu', '@tensorflow/tfjs-backend-webgpu'];
  const { name, passedOver } = await take(t, { hidden: [...absent, ...dawn, '@tensorflow/tfjs-backend-wasm'] });
  t.is(name, 'cpu');
  t.deepEqual(
    passedOver.map(({ name }) => name),
    ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm'],
  );
  for (const { reason, error } of passedOver.slice(0, 3)) {
    t.is(reason, 'is not installed');
    t.regex(error.hint, /^It takes `npm install /);
  }
  t.regex(passedOver[3]!.reason, /^cannot be started: Cannot find package '@tensorflow\/tfjs-backend-wasm'/);
});

test('it takes a GPU where tfjs-node is not installed', async (t) => {
  const env = await softwareGpu();
  if (env === undefined) {
    t.log('not tested: no software GPU runs here');
    return t.pass();
  }
  const taken = await take(t, { hidden: absent, planted: { webgpu: webgpu(hardware) } }, env);
  t.like(taken, { name: 'webgpu', adapter: { name: 'acme, waterwheel', software: false } });
  t.is(taken.passedOver.length, 2);
});
