/** The files of a trained run. Who imports this loads TensorFlow.js. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEngine } from '../../../engine/index.ts';
import { writeCheckpoint } from '../../../models/checkpoint-file.ts';
import {
  buildModel,
  loadWeights,
  type RunConfig,
  readCheckpoint,
  readRunConfig,
  saveWeights,
  WEIGHTS_FILE,
  writeRunConfig,
} from '../../../models/index.ts';
import { decodeSafetensors, encodeSafetensors, floatsOf } from '../../../models/weights/safetensors.ts';
import { Vocabulary } from '../../../stages/index.ts';
import type { Reader } from '../target.ts';

const shared = {
  ...{ version: '0.1.0', vocabularySize: 5, embeddingSize: 3, hiddenSize: 4, dropout: 0, seed: 2 },
  ...{ freezeEmbeddings: false, tokenizer: 'treebank', lowercase: true },
  target: 'label',
} as const;

const configs: readonly RunConfig[] = [
  {
    ...shared,
    architecture: { model: 'simple-rnn' },
    head: 'distance',
    thresholds: { low: -3, high: 4.5, scale: 1.25 },
    training: { epochs: 3 },
  },
  {
    ...shared,
    architecture: { model: 'advanced-rnn', cell: 'gru', layers: 2, bidirectional: true, pooling: 'max' },
    ...{ head: 'classifier', mlpLayers: 2, mlpSize: 3 },
  },
  {
    ...shared,
    architecture: { model: 'spinn', trees: 'predicted', trackerSize: 3, transitionWeight: 1 },
    head: 'classifier',
  },
];

/** Runs as training leaves them, but for the learning. */
async function writeRuns(folder: string): Promise<string[]> {
  await startEngine('cpu');
  const vocabulary = new Vocabulary(['<pad>', '<unk>', 'a', 'dog', '.']);
  return Promise.all(
    configs.map(async (config, i) => {
      const run = join(folder, `run-${i}`);
      await mkdir(run);
      await writeRunConfig(run, config);
      await vocabulary.save(join(run, 'vocab.json'));
      const model = buildModel(config.architecture, config);
      await saveWeights(model, join(run, WEIGHTS_FILE));
      model.dispose();
      return run;
    }),
  );
}

export async function config(folder: string): Promise<Reader> {
  const runs = await writeRuns(folder);
  return {
    seeds: await Promise.all(runs.map((run) => readFile(join(run, 'config.json')))),
    async read(path) {
      await copyFile(path, join(runs[0]!, 'config.json'));
      await readRunConfig(runs[0]!);
    },
  };
}

export async function weights(folder: string): Promise<Reader> {
  const [run] = await writeRuns(folder);
  const { architecture, ...sizes } = configs[0]!;
  const model = buildModel(architecture, sizes);
  const saved = await readFile(join(run!, WEIGHTS_FILE));
  const stored = decodeSafetensors(saved, 'seed');
  const wide = new Map(
    Array.from(stored, ([name, tensor]) => {
      const bytes = new Uint8Array(Float64Array.from(floatsOf(tensor)!).buffer);
      return [name, { ...tensor, dtype: 'F64' as const, bytes }];
    }),
  );
  return {
    seeds: [saved, Buffer.concat(encodeSafetensors(wide))],
    async read(path) {
      await loadWeights(model, path);
    },
  };
}

export async function checkpoint(folder: string): Promise<Reader> {
  await writeCheckpoint(folder, {
    ...{ progress: { epochs: 1, lowestLoss: 0.1 }, steps: 17, learningRate: 0.001, dropoutSteps: [17, 17] },
    ...{ weights: [Float32Array.of(1, 2, 3)], moments: [Float32Array.of(0, -1)], bestWeights: [] },
  });
  const place = join(folder, 'checkpoint.bin');
  const seed = await readFile(place);
  return {
    seeds: [seed],
    async read(_, bytes) {
      await writeFile(place, bytes);
      await readCheckpoint(folder);
    },
  };
}
