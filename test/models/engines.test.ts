import test, { type ExecutionContext } from 'ava';
import { smallCorpus } from '../commands/corpus.ts';
import { inProcess } from '../engine/child.ts';
import { softwareGpu } from '../engine/software-gpu.ts';
import type { Life } from './life-one.ts';

/** A GPU that is software takes minutes for all: `MILLRACE_WEBGPU=all` has them. */
const ON_SOFTWARE_GPU = process.env.MILLRACE_WEBGPU === 'all' ? [] : ['spinn with a parser'];

test('every model is trained, resumed, measured, asked and explained on every engine, with the same figures', async (t) => {
  t.timeout(ON_SOFTWARE_GPU.length > 0 ? 240_000 : 3_600_000);
  const { folder, archive } = await smallCorpus(t);
  const env = await softwareGpu();
  if (env === undefined) t.log('not on webgpu: no software GPU runs here');
  const live = (engine: string, names: readonly string[] = []) =>
    inProcess<Record<string, Life>>('../models/life-one.ts', [engine, folder, archive, ...names], env && { env });
  const [onCpu, ...others] = await Promise.all([
    ...[live('cpu'), live('wasm')],
    ...(env ? [live('webgpu', ON_SOFTWARE_GPU)] : []),
  ]);
  for (const [name, life] of others.flatMap((lives) => Object.entries(lives))) {
    const expected = onCpu![name]!;
    close(t, life.losses, expected.losses, name);
    close(t, [life.testLoss], [expected.testLoss], name);
    close(t, life.probabilities, expected.probabilities, name);
    close(t, life.weights, expected.weights, name);
    t.deepEqual(life.brackets, expected.brackets, name);
  }
});

function close(t: ExecutionContext, found: readonly number[], expected: readonly number[], of: string) {
  t.is(found.length, expected.length, of);
  for (const [i, value] of found.entries()) {
    t.true(Math.abs(value - expected[i]!) < 1e-3 * (1 + Math.abs(expected[i]!)), `${of}: ${value}, not ${expected[i]}`);
  }
}
