import { firstBytes, lowercaseLetters } from './bytes';

/**
 * ASCII letters in lower case; none of it if a text has any other than ASCII, whose lower case may differ in length.
 *
 * @param lowered receives the texts without a gap; 16 bytes more than they have may be written
 * @param offsets receives where each text begins in it, and behind the last where that ends
 * @returns whether all was ASCII
 */
export function lowercase(base: usize, starts: usize, ends: usize, count: u32, lowered: usize, offsets: usize): bool {
  let out: usize = 0;
  store<u32>(offsets, 0);
  for (let text: u32 = 0; text < count; text++) {
    let at = base + load<i32>(starts + (text << 2));
    const end = base + load<i32>(ends + (text << 2));
    for (; at < end; at += 16) {
      const sixteen = v128.load(at);
      const own = min<usize>(end - at, 16);
      // ASCII has no highest bit.
      if (i8x16.bitmask(v128.and(sixteen, firstBytes(own))) !== 0) return false;
      v128.store(lowered + out, lowercaseLetters(sixteen));
      out += own;
    }
    store<u32>(offsets + ((text + 1) << 2), <u32>out);
  }
  return true;
}
