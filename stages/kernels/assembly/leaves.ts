import { bitsOf, equalBytes } from './bytes';

const SPACE: u8 = 0x20;
const OPEN: u8 = 0x28;
const CLOSE: u8 = 0x29;

/**
 * The leaves of binary parses, whose parts are apart by spaces: whatever is not a parenthesis.
 *
 * @param leafStarts receives where each leaf begins; there is room for as many as could be
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
  let part = start;
  for (let block = start; block < end; block += 16) {
    for (let spaces = bitsOf(v128.load(block), SPACE); spaces !== 0; spaces &= spaces - 1) {
      const space = block + ctz<u32>(spaces);
      if (space >= end) break;
      leaf = addPart(base, part, space, leafStarts, leafEnds, leaf);
      part = space + 1;
    }
  }
  return addPart(base, part, end, leafStarts, leafEnds, leaf);
}

function addPart(base: usize, start: usize, end: usize, leafStarts: usize, leafEnds: usize, leaf: u32): u32 {
  if (start >= end) return leaf;
  if (end - start === 1) {
    const byte = load<u8>(start);
    if (byte === OPEN || byte === CLOSE) return leaf;
  }
  store<u32>(leafStarts + (leaf << 2), <u32>(start - base));
  store<u32>(leafEnds + (leaf << 2), <u32>(end - base));
  return leaf + 1;
}
