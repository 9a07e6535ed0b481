/** A step of a binary TreeLSTM by our own kernels (`assembly/tree.ts`), there and back. All places are addresses. */

import { TREE_GATES } from '../tree.ts';
import type { Kernels } from './exports.ts';

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

/** The layout of a matrix that `packMatrix` made. */
export const PACKED = 2;

export interface TreeStep {
  readonly rows: number;
  readonly units: number;
  /** Units of the tracker, 0 if there is none. */
  readonly trackerUnits: number;
  /** Nodes, `[..., 2 * units]`. */
  readonly table: number;
  /** int32, which nodes of the table are the left children. */
  readonly left: number;
  readonly right: number;
  /** States of the tracker; and int32, which of them takes part in each reduce. */
  readonly states: number;
  readonly tracked: number;
  /** `[rows, gates]`; come to hold the gates. */
  readonly gates: number;
  /** `[rows, 2 * units]`; come to hold the nodes. */
  readonly nodes: number;
}

/** How wide the rows are that meet the weights. */
export function inputWidth({ units, trackerUnits }: Pick<TreeStep, 'units' | 'trackerUnits'>): number {
  return 2 * units + trackerUnits;
}

/** What meets the weights: of each row the states of the left child, of the right one, and of the tracker. */
export function gatherInputs({ run }: Kernels, step: TreeStep, inputs: number): void {
  const { rows, units, trackerUnits, table, left, right, states, tracked } = step;
  const width = units * FLOAT;
  const stride = inputWidth(step) * FLOAT;
  run.gatherColumns(table, 2 * width, left, rows, units, inputs, stride);
  run.gatherColumns(table, 2 * width, right, rows, units, inputs + width, stride);
  if (trackerUnits === 0) return;
  run.gatherColumns(states, trackerUnits * FLOAT, tracked, rows, trackerUnits, inputs + 2 * width, stride);
}

/**
 * @param weights packed
 * @param inputs room for `[rows, inputWidth]`
 */
export function treeForward(kernels: Kernels, step: TreeStep, weights: number, bias: number, inputs: number): void {
  const { rows, units, gates, left, right, table, nodes } = step;
  const { run, scratch } = kernels;
  gatherInputs(kernels, step, inputs);
  run.multiply(rows, inputWidth(step), TREE_GATES * units, inputs, 0, weights, PACKED, bias, 0, gates, scratch);
  run.treeForward(rows, units, gates, left, right, table, nodes);
}

export interface TreeStepBack {
  readonly dNodes: number;
  /** Gradients of the table's nodes and of the tracker's states, which are added to. */
  readonly dTable: number;
  readonly dStates: number;
  /** Receives the gradient of the gates' sums, `[rows, gates]`. */
  readonly dGates: number;
  /** Room for `[rows, inputWidth]`. */
  readonly dInputs: number;
}

/** @param transposed weights, packed */
export function treeBackward({ run, scratch }: Kernels, step: TreeStep, back: TreeStepBack, transposed: number): void {
  const { rows, units, trackerUnits, gates, left, right, table, nodes, tracked } = step;
  const { dNodes, dTable, dStates, dGates, dInputs } = back;
  const width = units * FLOAT;
  const stride = inputWidth(step) * FLOAT;
  run.treeBackward(rows, units, gates, left, right, table, nodes, dNodes, dTable, dGates);
  run.multiply(rows, TREE_GATES * units, inputWidth(step), dGates, 0, transposed, PACKED, 0, 0, dInputs, scratch);
  run.addColumns(dInputs, stride, left, rows, units, dTable, 2 * width);
  run.addColumns(dInputs + width, stride, right, rows, units, dTable, 2 * width);
  if (trackerUnits === 0) return;
  run.addColumns(dInputs + 2 * width, stride, tracked, rows, trackerUnits, dStates, trackerUnits * FLOAT);
}
