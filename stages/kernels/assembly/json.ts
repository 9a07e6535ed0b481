import { bitsOf, equalBytes } from './bytes';

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const COLON: u8 = 0x3a;
const COMMA: u8 = 0x2c;
const OPEN_LIST: u8 = 0x5b;
const CLOSE_LIST: u8 = 0x5d;
const OPEN: u8 = 0x7b;
const CLOSE: u8 = 0x7d;

/** Stands for a place where there is none: nothing is at address 0. */
const NOWHERE: usize = 0;

/**
 * The values of some keys in rows that are JSON objects each, where the rows are as `../../json-scan.ts` has it.
 *
 * @param keys for each key its address and its length, int32 both
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
  for (let place: usize = 0; place < 2 * keyCount; place++) store<i32>(values + place * stride, -1);
  let at = skipSpace(start, end);
  if (at >= end || load<u8>(at) !== OPEN) return false;
  at = skipSpace(at + 1, end);
  if (at < end && load<u8>(at) === CLOSE) return skipSpace(at + 1, end) === end;

  // Rows of one file have their keys in one order: most often the next key is the one after the last.
  let next: u32 = 0;
  while (true) {
    const keyEnd = plainStringEnd(at, end);
    if (keyEnd === NOWHERE) return false;
    const wanted = indexOfKey(at + 1, keyEnd, keys, keyCount, next);
    at = skipSpace(keyEnd + 1, end);
    if (at >= end || load<u8>(at) !== COLON) return false;
    at = skipSpace(at + 1, end);

    if (wanted < keyCount) {
      next = wanted + 1;
      const close = plainStringEnd(at, end);
      if (close === NOWHERE) return false;
      store<i32>(values + 2 * wanted * stride, <i32>(at + 1 - base));
      store<i32>(values + (2 * wanted + 1) * stride, <i32>(close - base));
      at = close + 1;
    } else {
      at = skipValue(at, end);
      if (at === NOWHERE) return false;
    }

    at = skipSpace(at, end);
    if (at >= end) return false;
    const byte = load<u8>(at);
    if (byte === CLOSE) return skipSpace(at + 1, end) === end;
    if (byte !== COMMA) return false;
    at = skipSpace(at + 1, end);
  }
}

function skipSpace(at: usize, end: usize): usize {
  while (at < end) {
    const byte = load<u8>(at);
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)) break;
    at++;
  }
  return at;
}

/** Where the string that opens at `at` closes; nowhere if there is none, or one with an escape or control character. */
function plainStringEnd(at: usize, end: usize): usize {
  if (at >= end || load<u8>(at) !== QUOTE) return NOWHERE;
  for (at++; at < end; at += 16) {
    const sixteen = v128.load(at);
    const controls = <u32>i8x16.bitmask(i8x16.lt_u(sixteen, i8x16.splat(0x20)));
    const special = bitsOf(sixteen, QUOTE) | bitsOf(sixteen, BACKSLASH) | controls;
    if (special === 0) continue;
    const found = at + ctz<u32>(special);
    return found < end && load<u8>(found) === QUOTE ? found : NOWHERE;
  }
  return NOWHERE;
}

/** Past the value at `at`: a plain string or a flat list of them. Nowhere for any other. */
function skipValue(at: usize, end: usize): usize {
  if (at >= end) return NOWHERE;
  if (load<u8>(at) !== OPEN_LIST) {
    const close = plainStringEnd(at, end);
    return close === NOWHERE ? NOWHERE : close + 1;
  }
  at = skipSpace(at + 1, end);
  if (at < end && load<u8>(at) === CLOSE_LIST) return at + 1;
  while (true) {
    const close = plainStringEnd(at, end);
    if (close === NOWHERE) return NOWHERE;
    at = skipSpace(close + 1, end);
    if (at >= end) return NOWHERE;
    const byte = load<u8>(at);
    if (byte === CLOSE_LIST) return at + 1;
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
