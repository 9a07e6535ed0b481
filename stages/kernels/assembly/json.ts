import { bitsOf, equalBytes, firstBytes } from './bytes';

const SPACE: u8 = 0x20;
const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const COLON: u8 = 0x3a;
const COMMA: u8 = 0x2c;
const OPEN_LIST: u8 = 0x5b;
const CLOSE_LIST: u8 = 0x5d;
const OPEN: u8 = 0x7b;
const CLOSE: u8 = 0x7d;

/** What is between a key and its value, and between a value and the next key, as most programs write it: `": "`, `", "`. */
const COLON_BETWEEN: u32 = 0x22203a22;
const COMMA_BETWEEN: u32 = 0x22202c22;

/** Stands for a place where there is none: nothing is at address 0. */
const NOWHERE: usize = 0;

/**
 * The values of some keys in rows that are JSON objects each, where the rows are as `../../json-scan.ts` has it.
 *
 * @param keys for each key its address and its length, int32 both; at most 64
 * @param values receives for each key the starts of all rows' values, then their ends
 * @param understood receives 1 for each row that was understood, 0 for any other, whose values mean nothing
 * @returns how many were understood
 */
export function scanObjects(
  base: usize,
  starts: usize,
  ends: usize,
  rows: u32,
  keys: usize,
  keyCount: u32,
  values: usize,
  understood: usize,
): u32 {
  let count: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const start = load<i32>(starts + (row << 2));
    const end = load<i32>(ends + (row << 2));
    const known = scanObject(base, base + start, base + end, keys, keyCount, values + (row << 2), rows << 2);
    store<u8>(understood + row, known ? 1 : 0);
    if (known) count++;
  }
  return count;
}

/** @param stride how far apart the row's places are in `values` */
function scanObject(
  base: usize,
  start: usize,
  end: usize,
  keys: usize,
  keyCount: u32,
  values: usize,
  stride: usize,
): bool {
  if (!findQuotes(start, end)) return false;
  let at = skipSpace(start, end);
  if (at >= end || load<u8>(at) !== OPEN) return false;
  at = skipSpace(at + 1, end);
  let found: u64 = 0;
  if (at >= end || load<u8>(at) !== CLOSE) {
    // Rows of one file have their keys in one order: most often the next key is the one after the last.
    let expected: u32 = 0;
    while (true) {
      const keyEnd = stringEnd(at);
      if (keyEnd === NOWHERE) return false;
      const key = indexOfKey(at + 1, keyEnd, keys, keyCount, expected);
      if (load<u32>(keyEnd) === COLON_BETWEEN) at = keyEnd + 3;
      else {
        at = skipSpace(keyEnd + 1, end);
        if (at >= end || load<u8>(at) !== COLON) return false;
        at = skipSpace(at + 1, end);
      }

      let last: usize;
      if (key < keyCount) {
        expected = key + 1;
        last = stringEnd(at);
        store<i32>(values + 2 * key * stride, <i32>(at + 1 - base));
        store<i32>(values + (2 * key + 1) * stride, <i32>(last - base));
        found |= (<u64>1) << key;
      } else last = valueEnd(at, end);
      if (last === NOWHERE) return false;

      if (load<u32>(last) === COMMA_BETWEEN) {
        at = last + 3;
        continue;
      }
      at = skipSpace(last + 1, end);
      if (at >= end) return false;
      const byte = load<u8>(at);
      if (byte === CLOSE) break;
      if (byte !== COMMA) return false;
      at = skipSpace(at + 1, end);
    }
  }
  for (let key: u32 = 0; key < keyCount; key++) {
    if ((found >> key) & 1) continue;
    store<i32>(values + 2 * key * stride, -1);
    store<i32>(values + (2 * key + 1) * stride, -1);
  }
  return skipSpace(at + 1, end) === end;
}

/** Where the quotes of a row are, in order, and which of them is the next to be looked at. */
const MOST_QUOTES: usize = 1024;
const quotes = memory.data(4 * (1024 + 64));
let quotesEnd: usize = 0;
let quote: usize = 0;

/**
 * Finds the quotes of a row, without a branch that depends on where they are.
 *
 * @returns false for a row with too many of them, an escape or a control character
 */
function findQuotes(start: usize, end: usize): bool {
  let to = quotes;
  let others = i8x16.splat(0);
  quote = quotes;
  for (let block = start; block < end; block += 64) {
    const left = end - block;
    let bits: u64;
    if (left >= 64) {
      const a = v128.load(block);
      const b = v128.load(block, 16);
      const c = v128.load(block, 32);
      const d = v128.load(block, 48);
      bits =
        <u64>(bitsOf(a, QUOTE) | (bitsOf(b, QUOTE) << 16)) |
        ((<u64>(bitsOf(c, QUOTE) | (bitsOf(d, QUOTE) << 16))) << 32);
      others = v128.or(others, v128.or(v128.or(othersIn(a), othersIn(b)), v128.or(othersIn(c), othersIn(d))));
    } else {
      bits = 0;
      for (let at: usize = 0; at < left; at += 16) {
        const sixteen = v128.and(v128.load(block + at), firstBytes(left - at));
        const filled = v128.or(sixteen, v128.not(firstBytes(left - at)));
        bits |= (<u64>bitsOf(sixteen, QUOTE)) << at;
        others = v128.or(others, othersIn(filled));
      }
    }
    // Most often there are no more than these; what is written behind the last one counts for nothing.
    const count = <usize>popcnt<u64>(bits);
    let next = to;
    to += count << 2;
    for (let i = 0; i < 4; i++) {
      store<u32>(next + (i << 2), <u32>(block + <usize>ctz<u64>(bits)));
      bits &= bits - 1;
    }
    next += 16;
    for (; bits !== 0; bits &= bits - 1) {
      store<u32>(next, <u32>(block + <usize>ctz<u64>(bits)));
      next += 4;
    }
    if (to > quotes + 4 * MOST_QUOTES) return false;
  }
  quotesEnd = to;
  return !v128.any_true(others);
}

/** Not zero for backslashes and control characters. */
function othersIn(sixteen: v128): v128 {
  const controls = i8x16.sub_sat_u(i8x16.splat(0x20), sixteen);
  return v128.or(i8x16.eq(sixteen, i8x16.splat(BACKSLASH)), controls);
}

/** Where the string that opens at `at` closes; nowhere if none does. */
function stringEnd(at: usize): usize {
  const opens = quote;
  quote += 8;
  if (quote > quotesEnd || load<u32>(opens) !== <u32>at) return NOWHERE;
  return load<u32>(opens + 4);
}

/** Past spaces: all white space that there is in a row without control characters. */
function skipSpace(at: usize, end: usize): usize {
  while (at < end && load<u8>(at) === SPACE) at++;
  return at;
}

/** The last byte of the value at `at`: a plain string or a flat list of them. Nowhere for any other. */
function valueEnd(at: usize, end: usize): usize {
  if (at >= end || load<u8>(at) !== OPEN_LIST) return stringEnd(at);
  at = skipSpace(at + 1, end);
  if (at < end && load<u8>(at) === CLOSE_LIST) return at;
  while (true) {
    const close = stringEnd(at);
    if (close === NOWHERE) return NOWHERE;
    at = skipSpace(close + 1, end);
    if (at >= end) return NOWHERE;
    const byte = load<u8>(at);
    if (byte === CLOSE_LIST) return at;
    if (byte !== COMMA) return NOWHERE;
    at = skipSpace(at + 1, end);
  }
}

/** Which of the keys is there, `keyCount` for none; looks at key `first` first. */
function indexOfKey(start: usize, end: usize, keys: usize, keyCount: u32, first: u32): u32 {
  if (first < keyCount && isKey(start, end, keys + (first << 3))) return first;
  for (let k: u32 = 0; k < keyCount; k++) if (isKey(start, end, keys + (k << 3))) return k;
  return keyCount;
}

function isKey(start: usize, end: usize, key: usize): bool {
  const length = end - start;
  return length === <usize>load<u32>(key + 4) && equalBytes(start, <usize>load<u32>(key), length);
}
