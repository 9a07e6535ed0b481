/**
 * tfjs-node as it is: not installed with the project, since its own installation downloads hundreds of megabytes. With
 * MILLRACE_TFJS_NODE=DIR it is that of `DIR/node_modules`; docs/engines.md tells how to build one.
 */

import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { smallCorpus } from '../commands/corpus.ts';
import { rowsOf } from '../commands/run-cli.ts';
import { inProcess } from './child.ts';
import { install, packagesIn, runIn } from './installation.ts';
import { testOperators } from './operators/suite.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const elsewhere = process.env.MILLRACE_TFJS_NODE;

/** Millrace beside that tfjs-node. */
async function withTfjsNode(from: string): Promise<string> {
  const theirs = join(from, 'node_modules');
  const ours = new Set(await packagesIn(join(root, 'node_modules')));
  const missing = (await packagesIn(theirs)).filter((name) => !ours.has(name));
  const linked = Object.fromEntries(missing.map((name) => [name, join(theirs, name)]));
  return install({ teardown: (remove) => removals.push(remove) }, { linked });
}

const removals: (() => unknown)[] = [];
test.after.always(async () => {
  for (const remove of removals) await remove();
});

/** Packages that are links see one another where the links are, so that all have the same TensorFlow.js. */
const node = ['--preserve-symlinks', '--preserve-symlinks-main'];

testOperators('tfjs-node', async () => {
  if (elsewhere === undefined) return undefined;
  const folder = await withTfjsNode(elsewhere);
  await cp(join(root, '.compiled/test/engine'), join(folder, 'test/engine'), { recursive: true });
  return inProcess(join(folder, 'test/engine/examine-one.js'), ['tfjs-node'], { node });
});

test('tfjs-node: a model is trained as on the processor', async (t) => {
  if (elsewhere === undefined) {
    t.log('not tested: MILLRACE_TFJS_NODE names no folder');
    return t.pass();
  }
  const folder = await withTfjsNode(elsewhere);
  const { split } = await smallCorpus(t);
  const losses = async (engine: string): Promise<number[]> => {
    const args = ['--train', split('train'), '--dev', split('dev'), '--engine', engine, '--out', join(folder, engine)];
    const size = ['--embed-size', '8', '--hidden-size', '8', '--epochs', '2', '--seed', '3'];
    const result = await runIn(folder, ['cli.js', 'train', 'simple-rnn', ...args, ...size], { node });
    t.is(result.code, 0, result.stderr);
    t.true(result.stderr.startsWith(`engine ${engine} `));
    return rowsOf<{ loss?: number; devLoss: number }>(
      await readFile(join(folder, engine, 'metrics.jsonl'), 'utf8'),
    ).map(({ loss, devLoss }) => loss ?? devLoss);
  };
  const [native, cpu] = await Promise.all([losses('tfjs-node'), losses('cpu')]);
  t.is(native.length, cpu.length);
  for (const [i, loss] of native.entries()) {
    t.true(Math.abs(loss - cpu[i]!) < 1e-3 * (1 + cpu[i]!), `${i}: ${loss}, not ${cpu[i]}`);
  }
});
