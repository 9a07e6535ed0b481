/**
 * Loops that go by four numbers end with up to three single ones. The same arithmetic runs on both: as `T`, functions that
 * use these get `v128` for four numbers, `f32` for one.
 */

export function read<T>(address: usize): v128 {
  return isFloat<T>() ? v128.load32_zero(address) : v128.load(address);
}

export function write<T>(address: usize, values: v128): void {
  if (isFloat<T>()) v128.store32_lane(address, values, 0);
  else v128.store(address, values);
}

/** Of `count` numbers how many bytes those have that go by fours. */
export function wideBytes(count: usize): usize {
  return (count & ~3) << 2;
}
