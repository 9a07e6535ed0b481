/** The files of a trained run. Who imports this loads TensorFlow.js. */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
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
} from '../../../models/index.ts';
import { decodeSafetensors, encodeSafetensors, floatsOf } from '../../../models/weights/safetensors.ts';
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

export async function config(folder: string): Promise<Reader> {
  return {
    seeds: configs.map((one) => Buffer.from(JSON.stringify(one, undefined, 2))),
    async read(path) {
      await copyFile(path, join(folder, 'config.json'));
      await readRunConfig(folder);
    },
  };
}

export async function weights(folder: string): Promise<Reader> {
  await startEngine('cpu');
  const { architecture, ...sizes } = configs[0]!;
  const model = buildModel(architecture, sizes);
  const place = join(folder, WEIGHTS_FILE);
  await saveWeights(model, place);
  const saved = await readFile(place);
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
