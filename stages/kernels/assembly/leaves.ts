import { bitsOf, bitsOf64, equalBytes } from './bytes';

const SPACE: u8 = 0x20;
const OPEN: u8 = 0x28;

/**
 * The leaves of binary parses, whose parts are apart by spaces: whatever is not a parenthesis.
 *
 * @param leafStarts receives where each leaf begins; there is room for one more than could be
 * @param firsts receives each parse's first leaf; a parse that is the one before it over again shares its leaves
 * @param lasts receives the leaf after its last
 * @returns how many leaves there are
 */
export function cutLeaves(
  base: usize,
  starts: usize,
  ends: usize,
  rows: u32,
  leafStarts: usize,
  leafEnds: usize,
  firsts: usize,
  lasts: usize,
): u32 {
  let leaf: u32 = 0;
  let first: u32 = 0;
  let before: usize = 0;
  let lengthBefore: usize = usize.MAX_VALUE;
  for (let row: u32 = 0; row < rows; row++) {
    const start = base + load<i32>(starts + (row << 2));
    const end = base + load<i32>(ends + (row << 2));
    // A corpus has several hypotheses to a premise, in a row: they share its leaves, and all that is made of them.
    if (end - start !== lengthBefore || !equalBytes(start, before, lengthBefore)) {
      first = leaf;
      leaf = cutParse(base, start, end, leafStarts, leafEnds, leaf);
      before = start;
      lengthBefore = end - start;
    }
    store<u32>(firsts + (row << 2), first);
    store<u32>(lasts + (row << 2), leaf);
  }
  return leaf;
}

/** @returns how many leaves there are now, if there were `leaf` before */
function cutParse(base: usize, start: usize, end: usize, leafStarts: usize, leafEnds: usize, leaf: u32): u32 {
  let starts = leafStarts + (leaf << 2);
  let ends = leafEnds + (leaf << 2);
  // What is before the parse, and behind it, counts as a space.
  let spaceBefore: u64 = 1;
  for (let block = start; block < end; block += 64) {
    const left = end - block;
    const own = left < 64 ? ((<u64>1) << left) - 1 : u64.MAX_VALUE;
    const spaces = bitsOf64(block, SPACE);
    const spaceBehind = left <= 64 ? (<u64>1) << (left - 1) : (<u64>(load<u8>(block, 64) === SPACE)) << 63;
    const others = ~spaces & own;
    let firsts = others & ((spaces << 1) | spaceBefore);
    let lasts = others & ((spaces >> 1) | spaceBehind);
    const parentheses = firsts & lasts & parentheses64(block);
    firsts ^= parentheses;
    lasts ^= parentheses;
    spaceBefore = spaces >> 63;
    for (; firsts !== 0; firsts &= firsts - 1) {
      store<u32>(starts, <u32>(block + <usize>ctz<u64>(firsts) - base));
      starts += 4;
    }
    for (; lasts !== 0; lasts &= lasts - 1) {
      store<u32>(ends, <u32>(block + <usize>ctz<u64>(lasts) + 1 - base));
      ends += 4;
    }
  }
  return <u32>((starts - leafStarts) >> 2);
}

/** Bits of the 64 bytes at `at` that are a parenthesis: 0x28 or 0x29. */
function parentheses64(at: usize): u64 {
  const low = parentheses16(v128.load(at)) | (parentheses16(v128.load(at, 16)) << 16);
  const high = parentheses16(v128.load(at, 32)) | (parentheses16(v128.load(at, 48)) << 16);
  return <u64>low | ((<u64>high) << 32);
}

function parentheses16(sixteen: v128): u32 {
  return bitsOf(v128.and(sixteen, i8x16.splat(<i8>0xfe)), OPEN);
}
