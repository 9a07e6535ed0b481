import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import type { Checkpoint } from '../../models/checkpoint.ts';
import { CHECKPOINT_FILE, readCheckpoint, writeCheckpoint } from '../../models/checkpoint-file.ts';
import { MetricsFile } from '../../models/metrics-file.ts';
import { type RunConfig, readRunConfig, writeRunConfig } from '../../models/run-config.ts';
import { loadWeights, saveWeights, WEIGHTS_FILE } from '../../models/weights/weights-file.ts';
import { build, MODELS } from '../models/weights/models.ts';
import { tryEveryFault } from './every-fault.ts';

const checkpointAt = (steps: number): Checkpoint => ({
  progress: { epochs: 1, lowestLoss: 0.1 },
  steps,
  learningRate: 0.001,
  dropoutSteps: [steps],
  weights: [Float32Array.of(1, 2, steps)],
  moments: [Float32Array.of(0, -1)],
  bestWeights: [],
});

test.serial('the checkpoint of a run is the one before or the new one, whatever call fails', async (t) => {
  await tryEveryFault(t, {
    prepare: (folder) => writeCheckpoint(folder, checkpointAt(1)),
    async work(folder) {
      await writeCheckpoint(folder, checkpointAt(2));
      t.deepEqual(await readCheckpoint(folder), checkpointAt(2));
    },
    async holds(folder) {
      t.true([1, 2].includes((await readCheckpoint(folder)).steps), CHECKPOINT_FILE);
    },
  });
});

test.serial('the weights of a run are those before or the new ones, whatever call fails', async (t) => {
  await startEngine('cpu');
  const name = Object.keys(MODELS)[0] as string;
  const [before, after, read] = [build(name, 1), build(name, 2), build(name, 3)] as const;
  await tryEveryFault(t, {
    prepare: (folder) => saveWeights(before, join(folder, WEIGHTS_FILE)),
    async work(folder) {
      const file = join(folder, WEIGHTS_FILE);
      await saveWeights(after, file);
      await loadWeights(read, file);
      for (const [i, weight] of read.weights.entries()) {
        t.deepEqual(weight.read().dataSync(), after.weights[i]!.read().dataSync());
      }
    },
  });
  for (const model of [before, after, read]) model.dispose();
});

test.serial('the configuration of a run is whole or not there, whatever call fails', async (t) => {
  const config: RunConfig = {
    ...{ version: '0.1.0', head: 'distance', target: 'label', vocabularySize: 12, embeddingSize: 5, hiddenSize: 4 },
    ...{ dropout: 0, freezeEmbeddings: false, tokenizer: 'tokenize:parse', lowercase: true, seed: 2 },
    architecture: { model: 'simple-rnn' },
    thresholds: { low: -3, high: 4.5, scale: 1.25 },
  };
  await tryEveryFault(t, {
    async work(folder) {
      const run = join(folder, 'run');
      await writeRunConfig(run, config);
      t.deepEqual(await readRunConfig(run), config);
    },
  });
});

test.serial('a line of metrics is whole or not there, whatever call fails', async (t) => {
  const line = (epoch: number) => `${JSON.stringify({ epoch, loss: 0.5 })}\n`;
  await tryEveryFault(t, {
    prepare: (folder) => writeFile(join(folder, 'metrics.jsonl'), `${line(1)}${line(2)}`),
    async work(folder) {
      const metrics = new MetricsFile(folder, line(1).length);
      try {
        for (const epoch of [2, 3]) metrics.write({ epoch, loss: 0.5 });
        t.is(metrics.bytes, 3 * line(1).length);
      } finally {
        metrics.close();
      }
    },
    // What was told before the fault stays: there is more than one right content.
    essence: () => undefined,
    async holds(folder) {
      const text = await readFile(join(folder, 'metrics.jsonl'), 'utf8');
      t.true(
        [1, 2, 3].some((epochs) => text === [1, 2, 3].slice(0, epochs).map(line).join('')),
        text,
      );
    },
    async done(folder) {
      t.is(await readFile(join(folder, 'metrics.jsonl'), 'utf8'), [1, 2, 3].map(line).join(''));
    },
  });
});
