/** The weights of a model as one list of numbers, such as threads share: all but its table of words. */

import type { Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { readInto } from '../../engine/index.ts';
import { assign } from '../checkpoint.ts';
import { tableOf } from './words.ts';

export interface Place {
  readonly variable: Variable;
  /** Whether gradients are taken of it; others are averages, which move by themselves, or stay as they are. */
  readonly learnt: boolean;
  readonly start: number;
  readonly end: number;
}

/** Where each weight is in the list, in the model's order, which is the same in all replicas. */
export function placesOf(model: LayersModel): Place[] {
  const learnt = new Set(model.trainableWeights);
  const table = tableOf(model);
  const places: Place[] = [];
  let start = 0;
  for (const weight of model.weights) {
    const variable = weight.read() as Variable;
    if (variable === table) continue;
    places.push({ variable, learnt: learnt.has(weight), start, end: start + variable.size });
    start += variable.size;
  }
  return places;
}

export function lengthOf(places: readonly Place[]): number {
  return places.at(-1)?.end ?? 0;
}

/** Writes what the weights are. */
export async function publish(places: readonly Place[], memory: Float32Array): Promise<void> {
  for (const { variable, start } of places) await readInto(variable, memory.subarray(start));
}

/** Makes the weights what was written. */
export function take(places: readonly Place[], memory: Float32Array): void {
  assign(
    places.map(({ variable }) => variable),
    places.map(({ start, end }) => memory.subarray(start, end)),
  );
}
