/** What the kernels need to know of 16 bytes at once. */

/** All ones in the first `count` bytes, zeros in the others; `count` may be more than 16. */
export function firstBytes(count: usize): v128 {
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return i8x16.lt_u(places, i8x16.splat(<i8>min<usize>(count, 16)));
}

/** Bits of the 16 bytes that equal `byte`. */
export function bitsOf(sixteen: v128, byte: u8): u32 {
  return i8x16.bitmask(i8x16.eq(sixteen, i8x16.splat(<i8>byte)));
}

/** Whether the same `length` bytes are in both places. */
export function equalBytes(a: usize, b: usize, length: usize): bool {
  let at: usize = 0;
  for (; at + 16 <= length; at += 16) {
    if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false;
  }
  const differing = v128.and(v128.xor(v128.load(a + at), v128.load(b + at)), firstBytes(length - at));
  return !v128.any_true(differing);
}
