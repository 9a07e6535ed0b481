/** A step of the LSTM that tracks a parser, by our own kernels, there and back. All places are addresses. */

import { gateCounts } from '../recurrence.ts';
import type { Kernels } from './exports.ts';
import { PACKED } from './tree-step.ts';

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

export interface TrackerStep {
  readonly rows: number;
  readonly units: number;
  /** Of the nodes that it sees. */
  readonly nodeUnits: number;
  /** Nodes, `[..., 2 * nodeUnits]`. */
  readonly table: number;
  /** int32, three lists of the nodes that are seen, -1 for none. */
  readonly seen: readonly number[];
  /** `[rows, gates]`; come to hold the gates. */
  readonly gates: number;
  /** `[rows, units]`; come to hold the states and the cells. */
  readonly states: number;
  readonly cells: number;
  /** Where those of the step before are; absent in the first. */
  readonly before?: { readonly states: number; readonly cells: number };
  /** `[units]` zeros. */
  readonly zeros: number;
}

/** What meets the weights: the states of the three nodes that are seen. */
export function gatherSeen({ run }: Kernels, step: TrackerStep, inputs: number): void {
  const { rows, nodeUnits, table, seen } = step;
  const width = nodeUnits * FLOAT;
  seen.forEach((nodes, i) => {
    run.gatherColumns(table, 2 * width, nodes, rows, nodeUnits, inputs + i * width, seen.length * width);
  });
}

/** Weights of the tracker, the matrices packed. */
export interface PackedTracker {
  readonly input: number;
  readonly hidden: number;
}

/** @param inputs room for `[rows, 3 * nodeUnits]` */
export function trackerForward(
  kernels: Kernels,
  step: TrackerStep,
  weights: PackedTracker,
  bias: number,
  inputs: number,
): void {
  const { rows, units, nodeUnits, seen, gates, states, cells, before, zeros } = step;
  const { run, scratch } = kernels;
  const columns = gateCounts.lstm * units;
  gatherSeen(kernels, step, inputs);
  run.multiply(rows, seen.length * nodeUnits, columns, inputs, 0, weights.input, PACKED, bias, 0, gates, scratch);
  if (before) {
    const stride = columns * FLOAT;
    run.multiply(rows, units, columns, before.states, 0, weights.hidden, PACKED, gates, stride, gates, scratch);
  }
  run.lstmForward(rows, units, gates, before?.cells ?? zeros, before ? units * FLOAT : 0, cells, states);
}

export interface TrackerStepBack {
  readonly dStates: number;
  /** Gradient of the states of the step before, which is added to. */
  readonly dStatesBefore: number;
  /** Gradient of the cells; comes to hold that of the cells before. */
  readonly dCells: number;
  /** Gradient of the nodes, which is added to. */
  readonly dTable: number;
  /** Receives the gradient of the gates' sums. */
  readonly dGates: number;
  /** Room for `[rows, 3 * nodeUnits]`. */
  readonly dInputs: number;
}

/** @param transposed weights, packed */
export function trackerBackward(
  { run, scratch }: Kernels,
  step: TrackerStep,
  back: TrackerStepBack,
  transposed: PackedTracker,
): void {
  const { rows, units, nodeUnits, seen, gates, cells, before, zeros } = step;
  const { dStates, dStatesBefore, dCells, dTable, dGates, dInputs } = back;
  const columns = gateCounts.lstm * units;
  const stride = before ? units * FLOAT : 0;
  run.lstmBackward(rows, units, gates, before?.cells ?? zeros, stride, cells, dStates, dCells, dGates);
  if (before) {
    const [start, hidden] = [dStatesBefore, transposed.hidden];
    run.multiply(rows, columns, units, dGates, 0, hidden, PACKED, start, stride, start, scratch);
  }
  const width = nodeUnits * FLOAT;
  run.multiply(rows, columns, seen.length * nodeUnits, dGates, 0, transposed.input, PACKED, 0, 0, dInputs, scratch);
  seen.forEach((nodes, i) => {
    run.addColumns(dInputs + i * width, seen.length * width, nodes, rows, nodeUnits, dTable, 2 * width);
  });
}
