/** Every operation that must work on every engine, and the engines' faults that are known. */

import * as tf from '@tensorflow/tfjs-core';
import { type EngineName, startEngine } from '../../../engine/index.ts';
import { elements } from './elements.ts';
import { neural } from './neural.ts';
import { type Operator, problemsOf } from './operator.ts';
import { products } from './products.ts';
import { reductionsTable } from './reductions.ts';
import { shapes } from './shapes.ts';

export const groups: Readonly<Record<string, readonly Operator[]>> = {
  'Element by element': elements,
  'Moving elements': shapes,
  'Making one number of many': reductionsTable,
  'Products of matrices': products,
  Networks: neural,
};

export const operators: readonly Operator[] = Object.values(groups).flat();

const noGradientOfProd = Object.fromEntries(
  ['prod of all', 'prod of columns', 'prod of rows, axes kept', 'prod along a middle axis'].map((name) => [
    name,
    'no gradient: TensorFlow.js calls a method that only its union package defines',
  ]),
);

const refusedSegments = {
  'unsortedSegmentSum, with an id that is no segment': 'an error, `Invalid TF_Status: 3`, where others leave it out',
};

/** Of each engine, the operations that it gets wrong, and why. */
export const faults: Readonly<Record<EngineName, Readonly<Record<string, string>>>> = {
  'tfjs-node-gpu': refusedSegments,
  'tfjs-node': refusedSegments,
  webgpu: {
    ...noGradientOfProd,
    'gather, int32 beyond 2^24': 'integers go through floats',
    'unsortedSegmentSum, with an id that is no segment':
      'such an id counts as the remainder of dividing by the segments',
  },
  wasm: noGradientOfProd,
  cpu: noGradientOfProd,
};

/** What is wrong with each operation on an engine. */
export async function examine(engine: EngineName): Promise<Record<string, string[]>> {
  await startEngine(engine);
  // Or small tensors would never reach the GPU.
  if (engine === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false);
  const found: Record<string, string[]> = {};
  for (const operator of operators) found[operator.name] = await problemsOf(operator);
  return found;
}
