import * as tf from '@tensorflow/tfjs-core';
import { TREE_GATES, type TreeReduce } from '../tree.ts';
import { addressOf, type WasmBackend, withMemory } from '../wasm-backend.ts';
import type { Kernels } from './exports.ts';
import { clear, makeTensor, placeIntegers } from './memory.ts';
import { multiply } from './product.ts';
import { gatherInputs, inputWidth, type TreeStep, treeBackward, treeForward } from './tree-step.ts';

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

/** `treeReduce` by our own kernels: one product, and one pass over the gates. */
export function fusedTreeReduce(kernels: Kernels, { left, right, tracking, weights }: TreeReduce): tf.Tensor2D {
  const backend = tf.backend() as unknown as WasmBackend;
  const rows = left.shape[0];
  const run = { kernels, backend, rows, units: left.shape[1] / 2, trackerUnits: tracking?.shape[1] ?? 0 };
  const operation = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const inputs = args.slice(0, -1) as tf.Tensor[];
    const { value, gates } = runForward(run, inputs);
    save([...inputs, value, gates]);
    return { value, gradFunc: (dy, saved) => runBackward(run, dy as tf.Tensor, saved) };
  });
  return operation(weights.input, weights.bias, left, right, ...(tracking ? [tracking] : [])) as tf.Tensor2D;
}

interface Run {
  readonly kernels: Kernels;
  readonly backend: WasmBackend;
  readonly rows: number;
  readonly units: number;
  readonly trackerUnits: number;
}

/** The nodes of both sides in one table, the left ones first. */
function placeTable(
  { kernels, backend, rows, units }: Run,
  sides: readonly tf.Tensor[],
  table: number,
  indices: number,
): void {
  placeIntegers(
    backend,
    indices,
    Int32Array.from({ length: 2 * rows }, (_, i) => i),
  );
  sides.forEach((side, i) => {
    kernels.run.gatherRows(addressOf(backend, side), indices, rows, 2 * units, table + i * rows * 2 * units * FLOAT);
  });
}

function runForward(run: Run, [input, bias, left, right, tracking]: tf.Tensor[]) {
  const { kernels, backend, rows, units } = run;
  const value = makeTensor(backend, [rows, 2 * units]);
  const gates = makeTensor(backend, [rows, TREE_GATES * units]);
  const width = inputWidth(run);
  const numbers = [2 * rows, 2 * rows * 2 * units, rows * width].map((count) => count * FLOAT);
  const packedSize = kernels.run.packedSize(width, TREE_GATES * units);
  withMemory(backend, [...numbers, packedSize], ([indices, table, inputs, packed]) => {
    placeTable(run, [left!, right!], table!, indices!);
    kernels.run.packMatrix(width, TREE_GATES * units, addressOf(backend, input!), 0, packed!);
    const step = stepOf(run, indices!, table!, tracking, gates, value);
    treeForward(kernels, step, packed!, addressOf(backend, bias!), inputs!);
  });
  return { value, gates };
}

function runBackward(run: Run, dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] {
  const { kernels, backend, rows, units, trackerUnits } = run;
  const tracking = trackerUnits > 0 ? saved[4] : undefined;
  const [input, bias, left, right] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const [value, gates] = saved.slice(-2) as [tf.Tensor, tf.Tensor];
  const gradients = [input, bias, left, right, ...(tracking ? [tracking] : [])].map(({ shape }) =>
    makeTensor(backend, shape),
  );
  const [dInput, dBias, dLeft, dRight, dTracking] = gradients.map((tensor) => addressOf(backend, tensor));
  const width = inputWidth(run);
  const columns = TREE_GATES * units;
  const side = rows * 2 * units;
  const counts = [2 * rows, 2 * side, rows * width, 2 * side, rows * columns, rows * width];
  const sizes = [...counts.map((count) => count * FLOAT), kernels.run.packedSize(columns, width)];
  withMemory(backend, sizes, (addresses) => {
    const [indices, table, inputs, dTable, dGates, dInputs, packed] = addresses as [number, ...number[]];
    placeTable(run, [left, right], table!, indices);
    clear(backend, dTable!, 2 * side);
    if (dTracking !== undefined) clear(backend, dTracking, rows * trackerUnits);
    kernels.run.packMatrix(columns, width, addressOf(backend, input), 1, packed!);
    const step = stepOf(run, indices, table!, tracking, gates, value);
    const dNodes = addressOf(backend, dy);
    const back = { dNodes, dTable: dTable!, dStates: dTracking ?? 0, dGates: dGates!, dInputs: dInputs! };
    treeBackward(kernels, step, back, packed!);
    kernels.run.gatherRows(dTable!, indices, rows, 2 * units, dLeft!);
    kernels.run.gatherRows(dTable! + side * FLOAT, indices, rows, 2 * units, dRight!);
    gatherInputs(kernels, step, inputs!);
    multiply(kernels, {
      ...{ rows: width, inner: rows, columns, left: inputs!, leftTransposed: true, right: dGates! },
      out: dInput!,
    });
    kernels.run.sumRows(dGates!, rows, columns, dBias!);
  });
  return gradients;
}

function stepOf(
  { backend, rows, units, trackerUnits }: Run,
  indices: number,
  table: number,
  tracking: tf.Tensor | undefined,
  gates: tf.Tensor,
  nodes: tf.Tensor,
): TreeStep {
  return {
    ...{ rows, units, trackerUnits, table, left: indices, right: indices + rows * FLOAT, tracked: indices },
    states: tracking ? addressOf(backend, tracking) : 0,
    gates: addressOf(backend, gates),
    nodes: addressOf(backend, nodes),
  };
}
