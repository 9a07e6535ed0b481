/**
 * The cell of the GRU (Cho et al. 2014) as cuDNN and PyTorch have it, with the reset gate behind the product:
 * `n = tanh(x + r s)`, `h' = (1 - z) n + z h`, where s is the candidate's share of `h W + b`, and r and z are sigmoids
 * of their sums.
 */

import { multiplyAdd } from './arithmetic';
import { sigmoid, tanh } from './exponential';
import { read, wideBytes, write } from './lanes';

/**
 * A step forward.
 *
 * @param gates what the words bring to the sums of r, z, n in each row; receive r, z and n
 * @param sums what the state before brings to them, in rows alike
 * @param statesBefore as all strides, its own is in bytes, and 0 is one row for all
 * @param shares receive s, which the way back needs
 * @param states receive h'
 */
export function gruForward(
  rows: usize,
  units: usize,
  gates: usize,
  sums: usize,
  statesBefore: usize,
  beforeStride: usize,
  shares: usize,
  states: usize,
): void {
  const width = units << 2;
  const wide = wideBytes(units);
  for (let row: usize = 0; row < rows; row++) {
    let unit: usize = 0;
    for (; unit < wide; unit += 16)
      forward<v128>(gates + unit, sums + unit, width, statesBefore + unit, shares + unit, states + unit);
    for (; unit < width; unit += 4)
      forward<f32>(gates + unit, sums + unit, width, statesBefore + unit, shares + unit, states + unit);
    gates += 3 * width;
    sums += 3 * width;
    statesBefore += beforeStride;
    shares += width;
    states += width;
  }
}

function forward<T>(gates: usize, sums: usize, width: usize, statesBefore: usize, shares: usize, states: usize): void {
  const reset = sigmoid(f32x4.add(read<T>(gates), read<T>(sums)));
  const update = sigmoid(f32x4.add(read<T>(gates + width), read<T>(sums + width)));
  const share = read<T>(sums + 2 * width);
  const candidate = tanh(multiplyAdd(reset, share, read<T>(gates + 2 * width)));
  write<T>(gates, reset);
  write<T>(gates + width, update);
  write<T>(gates + 2 * width, candidate);
  write<T>(shares, share);
  write<T>(states, multiplyAdd(update, f32x4.sub(read<T>(statesBefore), candidate), candidate));
}

/**
 * A step back.
 *
 * @param dStates gradient of h'; receives that of h but for what goes through the products
 * @param dGates receives the gradient of what the words bring to the sums
 * @param dSums receives the gradient of what the state before brings to them
 */
export function gruBackward(
  rows: usize,
  units: usize,
  gates: usize,
  statesBefore: usize,
  beforeStride: usize,
  shares: usize,
  dStates: usize,
  dGates: usize,
  dSums: usize,
): void {
  const width = units << 2;
  const wide = wideBytes(units);
  for (let row: usize = 0; row < rows; row++) {
    let unit: usize = 0;
    for (; unit < wide; unit += 16)
      backward<v128>(
        gates + unit,
        width,
        statesBefore + unit,
        shares + unit,
        dStates + unit,
        dGates + unit,
        dSums + unit,
      );
    for (; unit < width; unit += 4)
      backward<f32>(
        gates + unit,
        width,
        statesBefore + unit,
        shares + unit,
        dStates + unit,
        dGates + unit,
        dSums + unit,
      );
    gates += 3 * width;
    dGates += 3 * width;
    dSums += 3 * width;
    statesBefore += beforeStride;
    shares += width;
    dStates += width;
  }
}

function backward<T>(
  gates: usize,
  width: usize,
  statesBefore: usize,
  shares: usize,
  dStates: usize,
  dGates: usize,
  dSums: usize,
): void {
  const one = f32x4.splat(1);
  const reset = read<T>(gates);
  const update = read<T>(gates + width);
  const candidate = read<T>(gates + 2 * width);
  const dState = read<T>(dStates);
  const toCandidate = f32x4.sub(one, update);
  const dCandidate = f32x4.mul(f32x4.mul(dState, toCandidate), f32x4.sub(one, f32x4.mul(candidate, candidate)));
  const dUpdate = f32x4.mul(
    f32x4.mul(dState, f32x4.sub(read<T>(statesBefore), candidate)),
    f32x4.mul(update, toCandidate),
  );
  const dReset = f32x4.mul(f32x4.mul(dCandidate, read<T>(shares)), f32x4.mul(reset, f32x4.sub(one, reset)));
  write<T>(dGates, dReset);
  write<T>(dGates + width, dUpdate);
  write<T>(dGates + 2 * width, dCandidate);
  write<T>(dSums, dReset);
  write<T>(dSums + width, dUpdate);
  write<T>(dSums + 2 * width, f32x4.mul(dCandidate, reset));
  write<T>(dStates, f32x4.mul(dState, update));
}
