import { exponentialMinusOne, sigmoid } from './exponential';
import { read, wideBytes, write } from './lanes';

/** The activations of a fused product; `../../repairs/matmul.ts` has the same numbers. */
const RELU: u32 = 1;
const RELU6: u32 = 2;
const LEAKY_RELU: u32 = 3;
const SIGMOID: u32 = 4;
const ELU: u32 = 5;

/** Applies an activation to numbers in place. */
export function activate(activation: u32, values: usize, count: usize, slope: f32): void {
  const end = values + (count << 2);
  const wideEnd = values + wideBytes(count);
  for (; values < wideEnd; values += 16) write<v128>(values, activated(activation, read<v128>(values), slope));
  for (; values < end; values += 4) write<f32>(values, activated(activation, read<f32>(values), slope));
}

function activated(activation: u32, x: v128, slope: f32): v128 {
  const zero = f32x4.splat(0);
  switch (activation) {
    case RELU:
      return f32x4.pmax(x, zero);
    case RELU6:
      return f32x4.pmin(f32x4.pmax(x, zero), f32x4.splat(6));
    case LEAKY_RELU:
      return v128.bitselect(f32x4.mul(x, f32x4.splat(slope)), x, f32x4.lt(x, zero));
    case SIGMOID:
      return sigmoid(x);
    case ELU:
      return v128.bitselect(exponentialMinusOne(x), x, f32x4.lt(x, zero));
    default:
      return x;
  }
}
