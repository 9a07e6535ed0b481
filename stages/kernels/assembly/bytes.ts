/** What the kernels need to know of many bytes at once. */

/** All ones in the first `count` bytes, zeros in the others; `count` may be more than 16. */
export function firstBytes(count: usize): v128 {
  const places = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return i8x16.lt_u(places, i8x16.splat(<i8>min<usize>(count, 16)));
}

/** Bits of the 64 bytes at `at` that equal `byte`. */
export function bitsOf64(at: usize, byte: u8): u64 {
  const low = bitsOf(v128.load(at), byte) | (bitsOf(v128.load(at + 16), byte) << 16);
  const high = bitsOf(v128.load(at + 32), byte) | (bitsOf(v128.load(at + 48), byte) << 16);
  return <u64>low | ((<u64>high) << 32);
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

/** ASCII's letters in lower case, all other bytes as they are. */
export function lowercaseLetters(sixteen: v128): v128 {
  const letters = v128.and(i8x16.ge_u(sixteen, i8x16.splat(0x41)), i8x16.le_u(sixteen, i8x16.splat(0x5a)));
  return v128.add<u8>(sixteen, v128.and(letters, i8x16.splat(0x20)));
}
