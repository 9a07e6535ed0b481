/**
 * The cell of the LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000):
 * `c' = f c + i g`, `h' = o tanh(c')`, where i, f and o are sigmoids of their sums and g is tanh of its own.
 */

import { multiplyAdd } from './arithmetic';
import { sigmoid, tanh } from './exponential';
import { read, wideBytes, write } from './lanes';

/**
 * A step forward.
 *
 * @param gates sums of i, f, g, o in each row; receive the gates
 * @param cellsBefore cells of the step before; as all strides, its own is in bytes, and 0 is one row for all
 * @param cells receive c'
 * @param states receive h'
 */
export function lstmForward(
  rows: usize,
  units: usize,
  gates: usize,
  cellsBefore: usize,
  beforeStride: usize,
  cells: usize,
  states: usize,
): void {
  const width = units << 2;
  const wide = wideBytes(units);
  for (let row: usize = 0; row < rows; row++) {
    let unit: usize = 0;
    for (; unit < wide; unit += 16) forward<v128>(gates + unit, width, cellsBefore + unit, cells + unit, states + unit);
    for (; unit < width; unit += 4) forward<f32>(gates + unit, width, cellsBefore + unit, cells + unit, states + unit);
    gates += width << 2;
    cellsBefore += beforeStride;
    cells += width;
    states += width;
  }
}

function forward<T>(gates: usize, width: usize, cellsBefore: usize, cells: usize, states: usize): void {
  const input = sigmoid(read<T>(gates));
  const forget = sigmoid(read<T>(gates + width));
  const candidate = tanh(read<T>(gates + 2 * width));
  const output = sigmoid(read<T>(gates + 3 * width));
  write<T>(gates, input);
  write<T>(gates + width, forget);
  write<T>(gates + 2 * width, candidate);
  write<T>(gates + 3 * width, output);
  const cell = multiplyAdd(forget, read<T>(cellsBefore), f32x4.mul(input, candidate));
  write<T>(cells, cell);
  write<T>(states, f32x4.mul(output, tanh(cell)));
}

/**
 * A step back.
 *
 * @param dStates gradient of h'
 * @param dCells gradient of c' through later steps; receives that of c
 * @param dGates receives the gradient of the gates' sums
 */
export function lstmBackward(
  rows: usize,
  units: usize,
  gates: usize,
  cellsBefore: usize,
  beforeStride: usize,
  cells: usize,
  dStates: usize,
  dCells: usize,
  dGates: usize,
): void {
  const width = units << 2;
  const wide = wideBytes(units);
  for (let row: usize = 0; row < rows; row++) {
    let unit: usize = 0;
    for (; unit < wide; unit += 16)
      backward<v128>(
        gates + unit,
        width,
        cellsBefore + unit,
        cells + unit,
        dStates + unit,
        dCells + unit,
        dGates + unit,
      );
    for (; unit < width; unit += 4)
      backward<f32>(
        gates + unit,
        width,
        cellsBefore + unit,
        cells + unit,
        dStates + unit,
        dCells + unit,
        dGates + unit,
      );
    gates += width << 2;
    dGates += width << 2;
    cellsBefore += beforeStride;
    cells += width;
    dStates += width;
    dCells += width;
  }
}

function backward<T>(
  gates: usize,
  width: usize,
  cellsBefore: usize,
  cells: usize,
  dStates: usize,
  dCells: usize,
  dGates: usize,
): void {
  const one = f32x4.splat(1);
  const input = read<T>(gates);
  const forget = read<T>(gates + width);
  const candidate = read<T>(gates + 2 * width);
  const output = read<T>(gates + 3 * width);
  const squashed = tanh(read<T>(cells));
  const dState = read<T>(dStates);
  const slope = f32x4.sub(one, f32x4.mul(squashed, squashed));
  const dCell = multiplyAdd(f32x4.mul(dState, output), slope, read<T>(dCells));
  const dInput = f32x4.mul(f32x4.mul(dCell, candidate), f32x4.mul(input, f32x4.sub(one, input)));
  const dForget = f32x4.mul(f32x4.mul(dCell, read<T>(cellsBefore)), f32x4.mul(forget, f32x4.sub(one, forget)));
  const dCandidate = f32x4.mul(f32x4.mul(dCell, input), f32x4.sub(one, f32x4.mul(candidate, candidate)));
  const dOutput = f32x4.mul(f32x4.mul(dState, squashed), f32x4.mul(output, f32x4.sub(one, output)));
  write<T>(dGates, dInput);
  write<T>(dGates + width, dForget);
  write<T>(dGates + 2 * width, dCandidate);
  write<T>(dGates + 3 * width, dOutput);
  write<T>(dCells, f32x4.mul(dCell, forget));
}
