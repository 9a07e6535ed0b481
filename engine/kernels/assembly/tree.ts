/**
 * The cell of the binary TreeLSTM (Tai et al. 2015; Bowman et al. 2016): `c' = i g + f_l c_l + f_r c_r`,
 * `h' = o tanh(c')`, where i, f_l, f_r and o are sigmoids of their sums and g is tanh of its own.
 *
 * A node is a row of a table: its state h and then its cell c. The children of a node are rows of the same table.
 */

import { multiplyAdd } from './arithmetic';
import { sigmoid, tanh } from './exponential';
import { read, wideBytes, write } from './lanes';

/**
 * Makes nodes of their children.
 *
 * @param gates sums of i, f_l, f_r, o, g in each row; receive the gates
 * @param left int32, the row of `table` that each node's left child is, as is `right`
 * @param nodes receives the nodes, `[rows, 2 * units]`: commonly rows of `table` too
 */
export function treeForward(
  rows: usize,
  units: usize,
  gates: usize,
  left: usize,
  right: usize,
  table: usize,
  nodes: usize,
): void {
  const width = units << 2;
  const wide = wideBytes(units);
  for (let row: usize = 0; row < rows; row++) {
    const leftCell = cellOf(table, left, row, width);
    const rightCell = cellOf(table, right, row, width);
    let unit: usize = 0;
    for (; unit < wide; unit += 16) forward<v128>(gates + unit, width, leftCell + unit, rightCell + unit, nodes + unit);
    for (; unit < width; unit += 4) forward<f32>(gates + unit, width, leftCell + unit, rightCell + unit, nodes + unit);
    gates += 5 * width;
    nodes += 2 * width;
  }
}

function forward<T>(gates: usize, width: usize, leftCell: usize, rightCell: usize, node: usize): void {
  const input = sigmoid(read<T>(gates));
  const forgetLeft = sigmoid(read<T>(gates + width));
  const forgetRight = sigmoid(read<T>(gates + 2 * width));
  const output = sigmoid(read<T>(gates + 3 * width));
  const candidate = tanh(read<T>(gates + 4 * width));
  write<T>(gates, input);
  write<T>(gates + width, forgetLeft);
  write<T>(gates + 2 * width, forgetRight);
  write<T>(gates + 3 * width, output);
  write<T>(gates + 4 * width, candidate);
  const kept = multiplyAdd(forgetRight, read<T>(rightCell), f32x4.mul(input, candidate));
  const cell = multiplyAdd(forgetLeft, read<T>(leftCell), kept);
  write<T>(node, f32x4.mul(output, tanh(cell)));
  write<T>(node + width, cell);
}

/**
 * The way back.
 *
 * @param nodes as they were made
 * @param dNodes gradient of the nodes
 * @param dTable receives, added to what is there, the gradient of the children's cells
 * @param dGates receives the gradient of the gates' sums
 */
export function treeBackward(
  rows: usize,
  units: usize,
  gates: usize,
  left: usize,
  right: usize,
  table: usize,
  nodes: usize,
  dNodes: usize,
  dTable: usize,
  dGates: usize,
): void {
  const width = units << 2;
  const wide = wideBytes(units);
  for (let row: usize = 0; row < rows; row++) {
    const leftCell = cellOf(table, left, row, width);
    const rightCell = cellOf(table, right, row, width);
    const dLeft = leftCell - table + dTable;
    const dRight = rightCell - table + dTable;
    let unit: usize = 0;
    for (; unit < wide; unit += 16)
      backward<v128>(
        gates + unit,
        width,
        leftCell + unit,
        rightCell + unit,
        nodes + unit,
        dNodes + unit,
        dLeft + unit,
        dRight + unit,
        dGates + unit,
      );
    for (; unit < width; unit += 4)
      backward<f32>(
        gates + unit,
        width,
        leftCell + unit,
        rightCell + unit,
        nodes + unit,
        dNodes + unit,
        dLeft + unit,
        dRight + unit,
        dGates + unit,
      );
    gates += 5 * width;
    dGates += 5 * width;
    nodes += 2 * width;
    dNodes += 2 * width;
  }
}

function backward<T>(
  gates: usize,
  width: usize,
  leftCell: usize,
  rightCell: usize,
  node: usize,
  dNode: usize,
  dLeft: usize,
  dRight: usize,
  dGates: usize,
): void {
  const one = f32x4.splat(1);
  const input = read<T>(gates);
  const forgetLeft = read<T>(gates + width);
  const forgetRight = read<T>(gates + 2 * width);
  const output = read<T>(gates + 3 * width);
  const candidate = read<T>(gates + 4 * width);
  const squashed = tanh(read<T>(node + width));
  const dState = read<T>(dNode);
  const slope = f32x4.sub(one, f32x4.mul(squashed, squashed));
  const dCell = multiplyAdd(f32x4.mul(dState, output), slope, read<T>(dNode + width));
  const leftSlope = f32x4.mul(forgetLeft, f32x4.sub(one, forgetLeft));
  const rightSlope = f32x4.mul(forgetRight, f32x4.sub(one, forgetRight));
  const dInput = f32x4.mul(f32x4.mul(dCell, candidate), f32x4.mul(input, f32x4.sub(one, input)));
  const dOutput = f32x4.mul(f32x4.mul(dState, squashed), f32x4.mul(output, f32x4.sub(one, output)));
  const dCandidate = f32x4.mul(f32x4.mul(dCell, input), f32x4.sub(one, f32x4.mul(candidate, candidate)));
  write<T>(dGates, dInput);
  write<T>(dGates + width, f32x4.mul(f32x4.mul(dCell, read<T>(leftCell)), leftSlope));
  write<T>(dGates + 2 * width, f32x4.mul(f32x4.mul(dCell, read<T>(rightCell)), rightSlope));
  write<T>(dGates + 3 * width, dOutput);
  write<T>(dGates + 4 * width, dCandidate);
  write<T>(dLeft, multiplyAdd(dCell, forgetLeft, read<T>(dLeft)));
  write<T>(dRight, multiplyAdd(dCell, forgetRight, read<T>(dRight)));
}

/** Where the cell of a child is. */
function cellOf(table: usize, children: usize, row: usize, width: usize): usize {
  return table + <usize>load<u32>(children + (row << 2)) * 2 * width + width;
}
