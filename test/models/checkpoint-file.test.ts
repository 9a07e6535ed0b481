import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { Checkpoint } from '../../models/checkpoint.ts';
import { CHECKPOINT_FILE, readCheckpoint, writeCheckpoint } from '../../models/checkpoint-file.ts';
import { MillraceError } from '../../pipeline/errors.ts';
import { temporaryFolder } from '../stages/files.ts';

const floats = fc.array(fc.float32Array({ maxLength: 9 }), { maxLength: 4 });

const checkpoints: fc.Arbitrary<Checkpoint & { note: string }> = fc.record({
  progress: fc.record({ epochs: fc.nat() }),
  steps: fc.nat(),
  learningRate: fc.double({ noNaN: true, noDefaultInfinity: true }).map((rate) => rate + 0),
  dropoutSteps: fc.array(fc.nat()),
  weights: floats,
  moments: floats,
  bestWeights: floats,
  // Of any length in bytes, and with line breaks.
  note: fc.string({ unit: 'binary' }),
});

/** Bits and not values: NaN and -0 count. */
const bits = (values: readonly Float32Array[]) => values.map((one) => Buffer.from(one.slice().buffer).toString('hex'));

const EXAMPLE: Checkpoint = {
  progress: { epochs: 1, lowestLoss: 0.1 },
  steps: 17,
  learningRate: 0.001,
  dropoutSteps: [17, 17],
  weights: [Float32Array.of(1, 2, 3)],
  moments: [Float32Array.of(0, -1)],
  bestWeights: [],
};

test('a checkpoint comes back as it was, to the bit', async (t) => {
  const folder = await temporaryFolder(t);
  await fc.assert(
    fc.asyncProperty(checkpoints, async (checkpoint) => {
      await writeCheckpoint(folder, checkpoint);
      const { weights, moments, bestWeights, ...told } = await readCheckpoint<typeof checkpoint>(folder);
      const { weights: w, moments: m, bestWeights: b, ...expected } = checkpoint;
      t.deepEqual([weights, moments, bestWeights].map(bits), [w, m, b].map(bits));
      t.deepEqual(told, JSON.parse(JSON.stringify(expected)));
    }),
    { numRuns: 60, seed: 1 },
  );
  t.deepEqual(await readdir(folder), [CHECKPOINT_FILE]);
});

test('a file that was cut anywhere, or has any bit turned, is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, CHECKPOINT_FILE);
  await writeCheckpoint(folder, EXAMPLE);
  const whole = await readFile(path);
  const refused = async (bytes: Uint8Array) => {
    await writeFile(path, bytes);
    const error = await t.throwsAsync(readCheckpoint(folder), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_BAD_RUN');
    t.is(error.origin?.source, path);
  };
  for (let length = 0; length < whole.length; length++) await refused(whole.subarray(0, length));
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 1 << (at % 8);
    await refused(damaged);
  }
  await refused(Buffer.concat([whole, Buffer.of(0)]));
});

test('a write that fails leaves the checkpoint before it, and nothing beside it', async (t) => {
  const folder = await temporaryFolder(t);
  await writeCheckpoint(folder, EXAMPLE);
  const circular: Record<string, unknown> = {};
  circular.itself = circular;
  await t.throwsAsync(writeCheckpoint(folder, { ...EXAMPLE, steps: 18, circular }));
  t.is((await readCheckpoint(folder)).steps, 17);
  t.deepEqual(await readdir(folder), [CHECKPOINT_FILE]);
  await mkdir(join(folder, 'run', CHECKPOINT_FILE), { recursive: true });
  await t.throwsAsync(writeCheckpoint(join(folder, 'run'), EXAMPLE));
  t.deepEqual(await readdir(join(folder, 'run')), [CHECKPOINT_FILE]);
});

test('no checkpoint is an error that says what to do', async (t) => {
  const error = await t.throwsAsync(readCheckpoint(await temporaryFolder(t)), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_BAD_RUN');
  t.regex(error.message, /no checkpoint to go on from.*--out/);
});
