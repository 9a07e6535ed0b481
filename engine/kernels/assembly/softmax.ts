/** Softmax of each row among the places that a mask lets through. Elsewhere it is 0, whatever stands there. */

import { multiplyAdd } from './arithmetic';
import { exponential } from './exponential';
import { read, wideBytes, write } from './lanes';

/**
 * @param mask bytes, not 0 where a place takes part
 * @param shares receives the softmax, which is 0 throughout where no place of a row takes part
 */
export function softmaxForward(rows: usize, width: usize, values: usize, mask: usize, shares: usize): void {
  const bytes = width << 2;
  const wide = wideBytes(width);
  for (let row: usize = 0; row < rows; row++) {
    let greatest = f32x4.splat(-Infinity);
    let at: usize = 0;
    for (; at < wide; at += 16) greatest = f32x4.pmax(greatest, admitted<v128>(values + at, mask + (at >> 2)));
    for (; at < bytes; at += 4) greatest = f32x4.pmax(greatest, admitted<f32>(values + at, mask + (at >> 2)));
    const top = f32x4.splat(greatestOf(greatest));
    let sums = f32x4.splat(0);
    for (at = 0; at < wide; at += 16) sums = raise<v128>(values + at, mask + (at >> 2), top, shares + at, sums);
    for (; at < bytes; at += 4) sums = raise<f32>(values + at, mask + (at >> 2), top, shares + at, sums);
    const sum = sumOf(sums);
    const factor = f32x4.splat(sum === 0 ? 0 : 1 / sum);
    for (at = 0; at < wide; at += 16) write<v128>(shares + at, f32x4.mul(read<v128>(shares + at), factor));
    for (; at < bytes; at += 4) write<f32>(shares + at, f32x4.mul(read<f32>(shares + at), factor));
    values += bytes;
    shares += bytes;
    mask += width;
  }
}

/** The way back: `dValues = shares (dShares - sum(shares dShares))`. */
export function softmaxBackward(rows: usize, width: usize, shares: usize, dShares: usize, dValues: usize): void {
  const bytes = width << 2;
  const wide = wideBytes(width);
  for (let row: usize = 0; row < rows; row++) {
    let sums = f32x4.splat(0);
    let at: usize = 0;
    for (; at < wide; at += 16) sums = multiplyAdd(read<v128>(shares + at), read<v128>(dShares + at), sums);
    for (; at < bytes; at += 4) sums = multiplyAdd(read<f32>(shares + at), read<f32>(dShares + at), sums);
    const mean = f32x4.splat(sumOf(sums));
    for (at = 0; at < wide; at += 16) lower<v128>(shares + at, dShares + at, mean, dValues + at);
    for (; at < bytes; at += 4) lower<f32>(shares + at, dShares + at, mean, dValues + at);
    shares += bytes;
    dShares += bytes;
    dValues += bytes;
  }
}

function raise<T>(value: usize, mask: usize, top: v128, share: usize, sums: v128): v128 {
  const raised = v128.and(exponential(f32x4.sub(read<T>(value), top)), lanesOf<T>(mask));
  write<T>(share, raised);
  return f32x4.add(sums, raised);
}

function lower<T>(share: usize, dShare: usize, mean: v128, dValue: usize): void {
  write<T>(dValue, f32x4.mul(read<T>(share), f32x4.sub(read<T>(dShare), mean)));
}

/** The values that take part, and below all of them elsewhere. */
function admitted<T>(values: usize, mask: usize): v128 {
  return v128.bitselect(read<T>(values), f32x4.splat(-Infinity), lanesOf<T>(mask));
}

/** All bits of a lane are set where its byte is not 0. Beyond the end of a row there is nothing. */
function lanesOf<T>(mask: usize): v128 {
  const bytes = isFloat<T>() ? i32x4.replace_lane(i32x4.splat(0), 0, load<u8>(mask)) : v128.load32_zero(mask);
  const wide = isFloat<T>() ? bytes : i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
  return i32x4.ne(wide, i32x4.splat(0));
}

function greatestOf(numbers: v128): f32 {
  const first = max(f32x4.extract_lane(numbers, 0), f32x4.extract_lane(numbers, 1));
  return max(first, max(f32x4.extract_lane(numbers, 2), f32x4.extract_lane(numbers, 3)));
}

function sumOf(numbers: v128): f32 {
  const first = f32x4.extract_lane(numbers, 0) + f32x4.extract_lane(numbers, 1);
  return first + (f32x4.extract_lane(numbers, 2) + f32x4.extract_lane(numbers, 3));
}
