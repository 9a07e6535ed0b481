/** Every operation that must work on every engine, and the engines' faults that are known. */

import * as tf from '@tensorflow/tfjs-core';
import { type EngineName, startEngine } from '../../../engine/index.ts';
import { elements } from './elements.ts';
import { neural } from './neural.ts';
import { type Operator, problemsOf } from './operator.ts';
import { own } from './own.ts';
import { products } from './products.ts';
import { reductionsTable } from './reductions.ts';
import { shapes } from './shapes.ts';

export const groups: Readonly<Record<string, readonly Operator[]>> = {
  'Element by element': elements,
  'Moving elements': shapes,
  'Making one number of many': reductionsTable,
  'Products of matrices': products,
  Networks: neural,
  "Millrace's own": own,
};

export const operators: readonly Operator[] = Object.values(groups).flat();

export interface Fault {
  readonly engines: readonly EngineName[];
  /** Names of operations. */
  readonly operations: readonly string[];
  readonly reason: string;
}

/** What is known to be wrong. A test fails when any of it no longer is. */
export const faults: readonly Fault[] = [
  {
    engines: ['cpu', 'wasm', 'webgpu'],
    operations: ['prod of all', 'prod of columns', 'prod of rows, axes kept', 'prod along a middle axis'],
    reason: 'no gradient: TensorFlow.js calls a method that only its union package defines',
  },
  {
    engines: ['webgpu'],
    operations: ['gather, int32 beyond 2^24'],
    reason: 'integers go through floats, and are rounded',
  },
  {
    engines: ['webgpu'],
    operations: ['unsortedSegmentSum, with an id that is no segment'],
    reason: 'the id counts as what is left of it after division by the number of segments; others drop its row',
  },
  {
    engines: ['tfjs-node', 'tfjs-node-gpu'],
    operations: ['unsortedSegmentSum, with an id that is no segment'],
    reason: 'an error, `Invalid TF_Status: 3`; others drop its row',
  },
];

/** What is wrong with each operation on an engine. */
export async function examine(engine: EngineName): Promise<Record<string, string[]>> {
  await startEngine(engine);
  // Or small tensors would never reach the GPU.
  if (engine === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false);
  const found: Record<string, string[]> = {};
  for (const operator of operators) found[operator.name] = await problemsOf(operator);
  return found;
}
