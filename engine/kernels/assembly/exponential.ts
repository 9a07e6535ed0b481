/** Functions made of the exponential, of four numbers at a time; each within 2e-7 of its value, relatively. */

import { multiplyAdd } from './arithmetic';

const LOG2_E: f32 = <f32>Math.LOG2E;

/** ln 2 in two parts, the first of so few bits that its products with whole numbers are exact (Cody and Waite 1980). */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440054690583e-4;

/** Added to a number below 2^22, it leaves the nearest whole number in the lowest bits. */
const ROUNDER: f32 = 12582912;

/** Where e^x and e^-x are still float32. */
const LIMIT: f32 = 88;

/** e^x */
export function exponential(x: v128): v128 {
  return exponentialMinus(x, f32x4.splat(0));
}

/** e^x - 1, which keeps its digits where x is near 0. */
export function exponentialMinusOne(x: v128): v128 {
  return exponentialMinus(x, f32x4.splat(1));
}

/**
 * e^x less 0 or 1. With x = n ln 2 + r and |r| <= ln 2 / 2 it is
 * 2^n (e^r - 1) + (2^n - less), and e^r - 1 is seven terms of its series: the eighth is below a tenth of a rounding.
 */
function exponentialMinus(x: v128, less: v128): v128 {
  const bounded = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-LIMIT)), f32x4.splat(LIMIT));
  const rounded = multiplyAdd(bounded, f32x4.splat(LOG2_E), f32x4.splat(ROUNDER));
  const n = f32x4.sub(rounded, f32x4.splat(ROUNDER));
  const power = i32x4.shl(i32x4.add(rounded, i32x4.splat(127)), 23);
  let r = multiplyAdd(n, f32x4.splat(-LN2_HIGH), bounded);
  r = multiplyAdd(n, f32x4.splat(-LN2_LOW), r);
  let series = multiplyAdd(r, f32x4.splat(1.0 / 5040), f32x4.splat(1.0 / 720));
  series = multiplyAdd(series, r, f32x4.splat(1.0 / 120));
  series = multiplyAdd(series, r, f32x4.splat(1.0 / 24));
  series = multiplyAdd(series, r, f32x4.splat(1.0 / 6));
  series = multiplyAdd(series, r, f32x4.splat(0.5));
  series = multiplyAdd(f32x4.mul(r, r), series, r);
  return multiplyAdd(series, power, f32x4.sub(power, less));
}

/** 1 / (1 + e^-x) */
export function sigmoid(x: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(2), exponentialMinusOne(f32x4.neg(x))));
}

/** With e = e^(-2|x|) - 1, tanh |x| is -e / (e + 2). */
export function tanh(x: v128): v128 {
  const e = exponentialMinusOne(f32x4.mul(f32x4.abs(x), f32x4.splat(-2)));
  const magnitude = f32x4.div(f32x4.neg(e), f32x4.add(e, f32x4.splat(2)));
  return v128.bitselect(x, magnitude, i32x4.splat(1 << 31));
}
