import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { type EngineName, startEngine } from '../../engine/index.ts';
import { isInstalled } from '../../engine/installed.ts';
import { MillraceError } from '../../pipeline/errors.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a module in a process of its own, and fails if it does not end by itself. */
function runModule(code: string): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ['--import=tsx', '--input-type=module', '--eval', code], {
    cwd: root,
    timeout: 60_000,
  });
}

test.serial('an engine is started once, however often and however eagerly it is asked for', async (t) => {
  const [first, second] = await Promise.all([startEngine('wasm'), startEngine('wasm')]);
  t.is(first, second);
  t.is(tf.getBackend(), 'wasm');
  t.like(first, { name: 'wasm', backend: 'wasm', version: tf.version_core });
  t.is(await startEngine(), first, 'auto keeps what runs');
});

test.serial('engines can be changed, and tensors go along', async (t) => {
  await startEngine('wasm');
  const x = tf.tensor1d([1, 2, 3]);
  t.like(await startEngine('cpu'), { name: 'cpu', backend: 'cpu' });
  t.is(tf.getBackend(), 'cpu');
  t.deepEqual(Array.from(tf.tidy(() => tf.square(x).dataSync())), [1, 4, 9]);
  t.like(await startEngine('wasm'), { name: 'wasm' });
  t.deepEqual(Array.from(tf.tidy(() => tf.square(x).dataSync())), [1, 4, 9]);
  x.dispose();
});

test.serial('two engines that are started at the same time both start, the later one last', async (t) => {
  const engines = await Promise.all([startEngine('cpu'), startEngine('wasm'), startEngine('cpu')]);
  t.deepEqual(
    engines.map(({ name }) => name),
    ['cpu', 'wasm', 'cpu'],
  );
  t.is(tf.getBackend(), 'cpu');
});

test.serial('an engine that is not installed says how to install it, and leaves the backend alone', async (t) => {
  for (const name of ['tfjs-node', 'tfjs-node-gpu'] as const) {
    if (isInstalled(`@tensorflow/${name}`)) {
      t.log(`skipped for ${name}, which is installed here`);
      continue;
    }
    await startEngine('cpu');
    const error = await t.throwsAsync(startEngine(name), { instanceOf: MillraceError, code: 'MILLRACE_ENGINE' });
    t.regex(
      error.message,
      new RegExp(`^The ${name} engine is not installed. It takes \`npm install @tensorflow/${name}@4`),
    );
    t.is(tf.getBackend(), 'cpu');
  }
  t.pass();
});

test.serial('an unknown engine is told the names that there are', async (t) => {
  const error = await t.throwsAsync(startEngine('gpu' as EngineName), { code: 'MILLRACE_USAGE' });
  t.regex(error!.message, /auto, tfjs-node-gpu, tfjs-node, webgpu, wasm, cpu/);
});

for (const name of ['auto', 'cpu', 'wasm']) {
  test.serial(`a program on ${name} prints nothing of its own, trains, and ends by itself`, async (t) => {
    const { stdout, stderr } = await runModule(`
      import * as tf from '@tensorflow/tfjs-core';
      import { startEngine } from './engine/index.ts';
      await startEngine('${name}');
      const gradient = tf.grad((x) => tf.gather(x, tf.tensor1d([1, 1], 'int32')))(tf.zeros([3]));
      process.stdout.write(JSON.stringify(Array.from(gradient.dataSync())));
    `);
    t.is(stdout, '[0,2,0]');
    t.is(stderr, '');
  });
}

test.serial('an uncaught error is printed in a few lines, and Node ends with its own code', async (t) => {
  // Emscripten's listeners throw it again from a line of some 60,000 characters, with exit code 7.
  const failure = (await t.throwsAsync(
    runModule(`
      import { startEngine } from './engine/index.ts';
      await startEngine('wasm');
      setTimeout(() => { throw new Error('a mistake of the caller'); });
    `),
  )) as Error & { code: number; stderr: string };
  t.is(failure.code, 1);
  t.regex(failure.stderr, /a mistake of the caller/);
  t.true(failure.stderr.length < 2_000, `${failure.stderr.length} characters`);
});
