import { equalBytes, firstBytes } from './bytes';

/**
 * Texts one after the other, without a gap.
 *
 * @param copies receives them; 16 bytes more than they have may be written
 * @param offsets receives where each text begins there, and behind the last where that ends; a missing one is empty
 */
export function copyTexts(base: usize, starts: usize, ends: usize, count: u32, copies: usize, offsets: usize): void {
  let out: usize = 0;
  store<u32>(offsets, 0);
  for (let text: u32 = 0; text < count; text++) {
    const start = load<i32>(starts + (text << 2));
    const length: usize = start < 0 ? 0 : load<i32>(ends + (text << 2)) - start;
    for (let at: usize = 0; at < length; at += 16) v128.store(copies + out + at, v128.load(base + start + at));
    out += length;
    store<u32>(offsets + ((text + 1) << 2), <u32>out);
  }
}

/**
 * Which of some words each text is.
 *
 * @param words for each word its address and its length, int32 both
 * @param codes receives the index of the word, or how many words there are
 */
export function matchWords(
  base: usize,
  starts: usize,
  ends: usize,
  count: u32,
  words: usize,
  wordCount: u32,
  codes: usize,
): void {
  for (let text: u32 = 0; text < count; text++) {
    const start = load<i32>(starts + (text << 2));
    const length = <u32>(load<i32>(ends + (text << 2)) - start);
    let word: u32 = start < 0 ? wordCount : 0;
    for (; word < wordCount; word++) {
      const known = words + (word << 3);
      if (load<u32>(known + 4) === length && equalBytes(base + start, <usize>load<u32>(known), length)) break;
    }
    store<u8>(codes + text, <u8>word);
  }
}

/**
 * Which texts are missing or have no byte that shows: none that is ASCII and neither white space nor a control.
 *
 * @param blank receives 1 for each such text and 0 for any other
 * @returns how many there are
 */
export function findBlanks(base: usize, starts: usize, ends: usize, count: u32, blank: usize): u32 {
  let blanks: u32 = 0;
  for (let text: u32 = 0; text < count; text++) {
    const start = load<i32>(starts + (text << 2));
    const end = load<i32>(ends + (text << 2));
    const none = start < 0 || !shows(base + start, base + end);
    store<u8>(blank + text, u8(none));
    blanks += u32(none);
  }
  return blanks;
}

function shows(at: usize, end: usize): bool {
  for (; at < end; at += 16) {
    // As signed bytes, those beyond ASCII are below all others.
    const visible = i8x16.gt_s(v128.load(at), i8x16.splat(0x20));
    if (v128.any_true(v128.and(visible, firstBytes(end - at)))) return true;
  }
  return false;
}
