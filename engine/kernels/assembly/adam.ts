/** Adam (Kingma and Ba 2015), in place: each number of a weight and of its moments is read and written once. */

import { multiplyAdd } from './arithmetic';
import { read, wideBytes, write } from './lanes';

/** So many numbers are summed in float32, in four lanes; the sums of these in float64. */
const BLOCK: usize = 4096;

/** The sum of the squares. */
export function squareSum(values: usize, count: usize): f64 {
  let sum: f64 = 0;
  for (; count > BLOCK; count -= BLOCK, values += BLOCK << 2) sum += <f64>squareSumOfBlock(values, BLOCK);
  return sum + <f64>squareSumOfBlock(values, count);
}

function squareSumOfBlock(values: usize, count: usize): f32 {
  const end = values + (count << 2);
  const wideEnd = values + wideBytes(count);
  let sums = f32x4.splat(0);
  for (; values < wideEnd; values += 16) {
    const four = v128.load(values);
    sums = multiplyAdd(four, four, sums);
  }
  let sum =
    f32x4.extract_lane(sums, 0) +
    f32x4.extract_lane(sums, 1) +
    (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
  for (; values < end; values += 4) sum += load<f32>(values) * load<f32>(values);
  return sum;
}

/**
 * The rows that hold any number but 0.
 *
 * @param found receives the index of each, int32
 * @returns how many there are
 */
export function nonzeroRows(values: usize, rows: usize, width: usize, found: usize): usize {
  const first = found;
  for (let row: usize = 0; row < rows; row++) {
    if (!isZero(values, width)) {
      store<u32>(found, <u32>row);
      found += 4;
    }
    values += width << 2;
  }
  return (found - first) >> 2;
}

function isZero(values: usize, count: usize): bool {
  const end = values + (count << 2);
  const wideEnd = values + wideBytes(count);
  for (; values < wideEnd; values += 16) {
    if (v128.any_true(f32x4.ne(v128.load(values), f32x4.splat(0)))) return false;
  }
  for (; values < end; values += 4) if (load<f32>(values) !== 0) return false;
  return true;
}

/**
 * A step of some rows of a weight, or of all of a weight that is taken for one row.
 *
 * @param indices of the rows, int32
 * @param firstShare what a gradient is multiplied by before it is added to the mean, and `secondShare` its square
 */
export function adam(
  weight: usize,
  first: usize,
  second: usize,
  gradient: usize,
  indices: usize,
  rows: usize,
  width: usize,
  firstDecay: f32,
  firstShare: f32,
  secondDecay: f32,
  secondShare: f32,
  rate: f32,
  epsilon: f32,
): void {
  const wide = wideBytes(width);
  const decays = f32x4.splat(firstDecay);
  const shares = f32x4.splat(firstShare);
  const squareDecays = f32x4.splat(secondDecay);
  const squareShares = f32x4.splat(secondShare);
  const rates = f32x4.splat(-rate);
  const epsilons = f32x4.splat(epsilon);
  for (let row: usize = 0; row < rows; row++) {
    let at = (<usize>load<u32>(indices + (row << 2)) * width) << 2;
    const wideEnd = at + wide;
    const end = at + (width << 2);
    for (; at < wideEnd; at += 16) {
      move<v128>(
        weight + at,
        first + at,
        second + at,
        gradient + at,
        decays,
        shares,
        squareDecays,
        squareShares,
        rates,
        epsilons,
      );
    }
    for (; at < end; at += 4) {
      move<f32>(
        weight + at,
        first + at,
        second + at,
        gradient + at,
        decays,
        shares,
        squareDecays,
        squareShares,
        rates,
        epsilons,
      );
    }
  }
}

function move<T>(
  weight: usize,
  first: usize,
  second: usize,
  gradient: usize,
  decay: v128,
  share: v128,
  squareDecay: v128,
  squareShare: v128,
  rate: v128,
  epsilon: v128,
): void {
  const g = read<T>(gradient);
  const mean = multiplyAdd(read<T>(first), decay, f32x4.mul(g, share));
  const square = multiplyAdd(read<T>(second), squareDecay, f32x4.mul(f32x4.mul(g, g), squareShare));
  write<T>(first, mean);
  write<T>(second, square);
  write<T>(weight, multiplyAdd(f32x4.div(mean, f32x4.add(f32x4.sqrt(square), epsilon)), rate, read<T>(weight)));
}
