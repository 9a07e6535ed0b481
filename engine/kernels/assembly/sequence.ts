/**
 * A recurrent network over whole sequences, there and back.
 *
 * Rows of a batch are in order of their lengths, the longest first, and lie step after step: those of the first step,
 * then those of the second that are still running, and so on. So there is no padding, and the states before those of a
 * step are the first of the step before it.
 */

import { elmanBackward, elmanForward } from './elman';
import { gruBackward, gruForward } from './gru';
import { lstmBackward, lstmForward } from './lstm';
import { multiply, PACKED } from './multiply';
import { addTo } from './rows';

/** Kinds of cells; `../exports.ts` has the same numbers, and 1 for tanh. */
const RELU: u32 = 0;
const LSTM: u32 = 2;
const GRU: u32 = 3;

function gatesOf(cell: u32): usize {
  return cell === LSTM ? 4 : cell === GRU ? 3 : 1;
}

/**
 * @param counts int32, how many rows each step has
 * @param weights packed, `[units, gates]`
 * @param bias of the product with the state before, GRU only
 * @param gates what the words bring, `[all rows, gates]`; receives the gates
 * @param states receives the states, `[all rows, units]`; for the simple cells the same as `gates`
 * @param extra receives the cells of an LSTM, the shares of a GRU, `[all rows, units]`
 * @param work for a row of zeros, `[units]`, and the sums of a step of a GRU, `[rows, gates]`
 * @param scratch as `multiply` needs it
 */
export function sequenceForward(
  cell: u32,
  steps: usize,
  counts: usize,
  units: usize,
  weights: usize,
  bias: usize,
  gates: usize,
  states: usize,
  extra: usize,
  work: usize,
  scratch: usize,
): void {
  const row = units << 2;
  const gatesRow = gatesOf(cell) * row;
  const sums = work + row;
  memory.fill(work, 0, row);
  let statesBefore = work;
  let extraBefore = work;
  for (let step: usize = 0; step < steps; step++) {
    const rows: usize = load<u32>(counts + (step << 2));
    const beforeStride: usize = step === 0 ? 0 : row;
    if (cell === GRU) {
      // The first state is zero, but its bias counts.
      const inner: usize = step === 0 ? 0 : units;
      multiply(rows, inner, 3 * units, statesBefore, false, weights, PACKED, bias, 0, sums, scratch);
      gruForward(rows, units, gates, sums, statesBefore, beforeStride, extra, states);
    } else {
      if (step > 0)
        multiply(rows, units, gatesRow >> 2, statesBefore, false, weights, PACKED, gates, gatesRow, gates, scratch);
      if (cell === LSTM) lstmForward(rows, units, gates, extraBefore, beforeStride, extra, states);
      else elmanForward(cell === RELU, gates, rows * units);
    }
    statesBefore = states;
    extraBefore = extra;
    gates += rows * gatesRow;
    states += rows * row;
    extra += rows * row;
  }
}

/**
 * @param all how many rows all steps have
 * @param weights packed, transposed: `[gates, units]`
 * @param gates as they come from the way there, as are `states` and `extra`
 * @param dOutputs gradient of the states from without, `[all rows, units]`, or 0
 * @param dStates gradient of each row's last state, `[rows of the first step, units]`; is used up
 * @param dCells room alike, LSTM only
 * @param dGates receives the gradient of what the words bring, `[all rows, gates]`
 * @param dSums GRU: receives the gradient of what the states bring; else the same as `dGates`
 * @param work for a row of zeros, `[units]`
 */
export function sequenceBackward(
  cell: u32,
  steps: usize,
  counts: usize,
  units: usize,
  all: usize,
  weights: usize,
  gates: usize,
  states: usize,
  extra: usize,
  dOutputs: usize,
  dStates: usize,
  dCells: usize,
  dGates: usize,
  dSums: usize,
  work: usize,
  scratch: usize,
): void {
  if (steps === 0) return;
  const row = units << 2;
  const gatesRow = gatesOf(cell) * row;
  memory.fill(work, 0, row);
  if (cell === LSTM) memory.fill(dCells, 0, <usize>load<u32>(counts) * row);
  let first = all;
  for (let step = steps; step-- > 0; ) {
    const rows: usize = load<u32>(counts + (step << 2));
    first -= rows;
    const firstBefore: usize = step === 0 ? 0 : first - <usize>load<u32>(counts + ((step - 1) << 2));
    const beforeStride: usize = step === 0 ? 0 : row;
    const stateRows = first * row;
    const gateRows = first * gatesRow;
    if (dOutputs !== 0) addTo(dStates, dOutputs + stateRows, rows * units);
    if (cell === LSTM) {
      const cellsBefore = step === 0 ? work : extra + firstBefore * row;
      lstmBackward(
        rows,
        units,
        gates + gateRows,
        cellsBefore,
        beforeStride,
        extra + stateRows,
        dStates,
        dCells,
        dGates + gateRows,
      );
    } else if (cell === GRU) {
      const statesBefore = step === 0 ? work : states + firstBefore * row;
      gruBackward(
        rows,
        units,
        gates + gateRows,
        statesBefore,
        beforeStride,
        extra + stateRows,
        dStates,
        dGates + gateRows,
        dSums + gateRows,
      );
    } else elmanBackward(cell === RELU, states + stateRows, dStates, rows * units, dGates + gateRows);
    if (step > 0) {
      const start = cell === GRU ? dStates : 0;
      multiply(rows, gatesRow >> 2, units, dSums + gateRows, false, weights, PACKED, start, row, dStates, scratch);
    }
  }
}

/**
 * The states before each row of the second and later steps: what the hidden weights were multiplied with.
 *
 * @param before receives `[all rows but those of the first step, units]`
 */
export function statesBefore(steps: usize, counts: usize, units: usize, states: usize, before: usize): void {
  const row = units << 2;
  for (let step: usize = 1; step < steps; step++) {
    const bytes = <usize>load<u32>(counts + (step << 2)) * row;
    memory.copy(before, states, bytes);
    before += bytes;
    states += <usize>load<u32>(counts + ((step - 1) << 2)) * row;
  }
}
