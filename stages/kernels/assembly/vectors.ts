import { bitsOf } from './bytes';

const SPACE: u8 = 0x20;
const PLUS: u8 = 0x2b;
const MINUS: u8 = 0x2d;
const PERIOD: u8 = 0x2e;
const ZERO: u8 = 0x30;
const LOWER_CASE: u8 = 0x20;
const E: u8 = 0x65;

/** Ten to the powers that a float64 holds exactly. */
const EXACT_POWERS = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);
const MOST_EXACT: i32 = 22;

/** So many digits make an integer that a float64 holds exactly, whichever they are. */
const EXACT_DIGITS: usize = 15;

/**
 * Where the word of each row of a text of vectors ends, if its first part is one and a number follows it.
 *
 * @param ends of the rows; receives where they end without spaces behind them
 * @param wordEnds receives where each word ends, -1 where that takes more to find
 */
export function findWords(base: usize, starts: usize, ends: usize, rows: u32, wordEnds: usize): void {
  for (let row: u32 = 0; row < rows; row++) {
    const start = base + load<i32>(starts + (row << 2));
    let end = base + load<i32>(ends + (row << 2));
    while (end > start && load<u8>(end - 1) === SPACE) end--;
    store<i32>(ends + (row << 2), <i32>(end - base));
    const wordEnd = fieldEnd(start, end);
    const numberFollows = wordEnd < end && !isNaN(parseDecimal(wordEnd + 1, fieldEnd(wordEnd + 1, end)));
    store<i32>(wordEnds + (row << 2), numberFollows ? <i32>(wordEnd - base) : -1);
  }
}

/**
 * The numbers of rows that are to have `dimension` of them, apart by single spaces.
 *
 * @param starts where each row's word ends: its numbers begin one byte behind that
 * @param values receives the numbers as float32, row after row
 * @returns in how many rows, from the first on, all was understood
 */
export function readVectors(base: usize, starts: usize, ends: usize, rows: u32, dimension: u32, values: usize): u32 {
  for (let row: u32 = 0; row < rows; row++) {
    let last = base + load<i32>(starts + (row << 2));
    const end = base + load<i32>(ends + (row << 2));
    for (let i: u32 = 0; i < dimension; i++) {
      const start = last + 1;
      if (start >= end) return row;
      last = fieldEnd(start, end);
      const value = parseDecimal(start, last);
      if (isNaN(value)) return row;
      store<f32>(values, <f32>value);
      values += 4;
    }
    if (last !== end) return row;
  }
  return rows;
}

function fieldEnd(start: usize, end: usize): usize {
  for (let at = start; at < end; at += 16) {
    const spaces = bitsOf(v128.load(at), SPACE);
    if (spaces !== 0) return min<usize>(at + ctz<u32>(spaces), end);
  }
  return end;
}

/** As `../../decimal.ts` has it, but NaN also for the few numbers that are not exact in this way. */
function parseDecimal(start: usize, end: usize): f64 {
  if (start >= end) return NaN;
  const sign = load<u8>(start);
  const first = sign === MINUS || sign === PLUS ? start + 1 : start;
  let digits: u64 = 0;
  let point: usize = 0;
  let at = first;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    const digit = byte - ZERO;
    if (digit <= 9) digits = digits * 10 + digit;
    else if (byte === PERIOD && point === 0) point = at;
    else break;
  }
  const count = at - first - (point === 0 ? 0 : 1);
  if (count === 0 || count > EXACT_DIGITS) return NaN;
  let power: i32 = point === 0 ? 0 : -(<i32>(at - point - 1));
  if (at < end) {
    const exponent = parseExponent(at, end);
    if (exponent === NO_EXPONENT) return NaN;
    power += exponent;
  }
  if (power > MOST_EXACT || power < -MOST_EXACT) return NaN;
  const scale = load<f64>(EXACT_POWERS + ((power < 0 ? -power : power) << 3));
  const value = power < 0 ? <f64>digits / scale : <f64>digits * scale;
  return sign === MINUS ? -value : value;
}

const NO_EXPONENT: i32 = i32.MIN_VALUE;

/** What `e-3` at the end of a number says, if it has a few digits. */
function parseExponent(start: usize, end: usize): i32 {
  if ((load<u8>(start) | LOWER_CASE) !== E) return NO_EXPONENT;
  let at = start + 1;
  if (at >= end) return NO_EXPONENT;
  const sign = load<u8>(at);
  if (sign === MINUS || sign === PLUS) at++;
  if (at === end || end - at > 4) return NO_EXPONENT;
  let exponent: i32 = 0;
  for (; at < end; at++) {
    const digit = load<u8>(at) - ZERO;
    if (digit > 9) return NO_EXPONENT;
    exponent = exponent * 10 + digit;
  }
  return sign === MINUS ? -exponent : exponent;
}
