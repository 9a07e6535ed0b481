/**
 * Models on disk: `model.json` and `weights.bin`, the files that `tf.loadLayersModel` reads everywhere else too.
 */

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { io, util } from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { MillraceError } from '../pipeline/errors.ts';
import { writeFileAtomic } from '../stages/index.ts';
// They make the layers of our models known by their names.
import './architectures.ts';
import { compile } from './pair-model.ts';

const MODEL_FILE = 'model.json';
const WEIGHTS_FILE = 'weights.bin';

/**
 * Writes a model, without its optimizer, into a folder that is made when missing. A file there is replaced in one move,
 * so that a crash leaves the old one or the new one.
 */
export async function saveModel(model: LayersModel, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const handler = io.withSaveHandler(async (artifacts) => {
    const weights = new Uint8Array(io.CompositeArrayBuffer.join(artifacts.weightData));
    const { modelTopology, weightSpecs = [], format, generatedBy, convertedBy } = artifacts;
    const weightsManifest = [{ paths: [WEIGHTS_FILE], weights: weightSpecs }];
    const contents = { format, generatedBy, convertedBy, modelTopology, weightsManifest };
    await writeFileAtomic(join(folder, WEIGHTS_FILE), weights);
    await writeFileAtomic(join(folder, MODEL_FILE), JSON.stringify(contents));
    return {
      modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON', weightDataBytes: weights.length },
    };
  });
  await model.save(handler);
}

/**
 * Reads a model back, compiled and ready to predict, evaluate and train on.
 *
 * @throws MillraceError `MILLRACE_BAD_RUN` when a file is missing or damaged, or does not fit the other
 */
export async function loadModel(folder: string): Promise<LayersModel> {
  const { modelTopology, weightsManifest } = await readJson<io.ModelJSON>(folder, MODEL_FILE);
  const weightSpecs = weightsManifest?.flatMap(({ weights }) => weights);
  if (!modelTopology || !weightSpecs) throw badRun(folder, MODEL_FILE, { expected: 'a TensorFlow.js layers model' });
  const bytes = await readRunFile(folder, WEIGHTS_FILE);
  const expected = weightSpecs.reduce((sum, { shape }) => sum + util.sizeFromShape(shape), 0) * 4;
  if (bytes.length !== expected) {
    throw badRun(folder, WEIGHTS_FILE, { expected: `${expected} bytes, as ${MODEL_FILE} says`, found: bytes.length });
  }
  // A copy of its own: a small file sits in a buffer that Node shares.
  const weightData = new Uint8Array(bytes).buffer;
  try {
    return compile(await loadLayersModel(io.fromMemory({ modelTopology, weightSpecs, weightData })));
  } catch (cause) {
    throw badRun(folder, MODEL_FILE, { expected: 'a model of this version of Millrace', cause });
  }
}

/** A file of a run as parsed JSON. */
export async function readJson<T>(folder: string, file: string): Promise<Partial<T>> {
  const text = (await readRunFile(folder, file)).toString();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Partial<T>;
  } catch (cause) {
    throw badRun(folder, file, { expected: 'JSON', found: text, cause });
  }
  throw badRun(folder, file, { expected: 'a JSON object', found: text });
}

async function readRunFile(folder: string, file: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, file));
  } catch (cause) {
    throw badRun(folder, file, { cause, hint: 'A run is a folder that `millrace train --out RUN` wrote' });
  }
}

/** An error about one file of a run. */
export function badRun(
  folder: string,
  file: string,
  details: { expected?: string; found?: unknown; hint?: string; cause?: unknown },
): MillraceError {
  const problem = details.expected === undefined ? 'The file cannot be read' : 'The file is not what a run holds';
  return new MillraceError('MILLRACE_BAD_RUN', problem, { origin: { source: join(folder, file) }, ...details });
}
