import { bitsOf } from './bytes';

const NEWLINE: u8 = 0x0a;
const RETURN: u8 = 0x0d;

/**
 * The lines from `from` to `to`: each ends at a newline, the last one perhaps at `to`.
 *
 * @param starts receives where each line begins
 * @param ends receives where its text ends: before `\n` or `\r\n`
 * @param most lines to find
 * @returns how many were found
 */
export function findLines(base: usize, from: usize, to: usize, starts: usize, ends: usize, most: u32): u32 {
  let line: u32 = 0;
  let start = base + from;
  const end = base + to;
  for (let block = start; block < end && line < most; block += 16) {
    let newlines = bitsOf(v128.load(block), NEWLINE);
    for (; newlines !== 0 && line < most; newlines &= newlines - 1) {
      const newline = block + ctz<u32>(newlines);
      if (newline >= end) break;
      const text = newline > start && load<u8>(newline - 1) === RETURN ? newline - 1 : newline;
      store<u32>(starts + (line << 2), <u32>(start - base));
      store<u32>(ends + (line << 2), <u32>(text - base));
      line++;
      start = newline + 1;
    }
  }
  if (line < most && start < end) {
    store<u32>(starts + (line << 2), <u32>(start - base));
    store<u32>(ends + (line << 2), <u32>to);
    line++;
  }
  return line;
}
