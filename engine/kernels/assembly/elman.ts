/** The cell of the simple recurrent network (Elman 1990), `h' = f(x + h W)`. */

import { tanh } from './exponential';
import { read, wideBytes, write } from './lanes';

/**
 * A step forward, of any number of units.
 *
 * @param values the sums; receive the states
 */
export function elmanForward(relu: bool, values: usize, count: usize): void {
  const end = values + (count << 2);
  const wideEnd = values + wideBytes(count);
  for (; values < wideEnd; values += 16) write<v128>(values, next(relu, read<v128>(values)));
  for (; values < end; values += 4) write<f32>(values, next(relu, read<f32>(values)));
}

function next(relu: bool, sum: v128): v128 {
  return relu ? f32x4.pmax(sum, f32x4.splat(0)) : tanh(sum);
}

/**
 * A step back: from the gradient of the states to that of the sums.
 */
export function elmanBackward(relu: bool, states: usize, dStates: usize, count: usize, dSums: usize): void {
  const end = states + (count << 2);
  const wideEnd = states + wideBytes(count);
  for (; states < wideEnd; states += 16, dStates += 16, dSums += 16) backward<v128>(relu, states, dStates, dSums);
  for (; states < end; states += 4, dStates += 4, dSums += 4) backward<f32>(relu, states, dStates, dSums);
}

function backward<T>(relu: bool, states: usize, dStates: usize, dSums: usize): void {
  const state = read<T>(states);
  const dState = read<T>(dStates);
  const dSum = relu
    ? v128.and(dState, f32x4.gt(state, f32x4.splat(0)))
    : f32x4.mul(dState, f32x4.sub(f32x4.splat(1), f32x4.mul(state, state)));
  write<T>(dSums, dSum);
}
