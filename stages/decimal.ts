import { decodeUtf8 } from '../pipeline/columns.ts';

const ZERO = 0x30;
const PERIOD = 0x2e;
const PLUS = 0x2b;
const MINUS = 0x2d;
const LOWER_CASE = 0x20;
const E = 0x65;

/** Ten to the powers that a float64 holds exactly. */
const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));
const MOST_EXACT = EXACT_POWERS.length - 1;

/** Digits may be put behind a number up to this one, and it is still an integer that a float64 holds exactly. */
const ROOM_FOR_A_DIGIT = Math.floor((Number.MAX_SAFE_INTEGER - 9) / 10);

/**
 * The decimal number that the bytes from `start` to `end` are in ASCII, such as `-0.1234` or `5e-3`; NaN if they are
 * none (white space, `Infinity` and hexadecimal are none). The same float64 as `parseFloat` of the text, but no text is
 * made of it.
 *
 * Where digits and power of ten are both exact in float64, one multiplication or division rounds once, and so correctly
 * (Clinger 1990, "How to read floating point numbers accurately"). Nearly all numbers that people write are such; for
 * the others `parseFloat` itself decides.
 */
export function parseDecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const sign = bytes[at];
  if (at < end && (sign === MINUS || sign === PLUS)) at++;

  let digits = 0;
  let exact = true;
  let count = 0;
  let power = 0;
  let fraction = false;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (digits > ROOM_FOR_A_DIGIT) exact = false;
      digits = digits * 10 + digit;
      count++;
      if (fraction) power--;
    } else if (bytes[at] === PERIOD && !fraction) {
      fraction = true;
    } else {
      break;
    }
  }
  if (count === 0) return Number.NaN;
  if (at < end) {
    const exponent = parseExponent(bytes, at, end);
    if (Number.isNaN(exponent)) return Number.NaN;
    power += exponent;
  }

  if (!exact || power > MOST_EXACT || power < -MOST_EXACT) return Number.parseFloat(decodeUtf8(bytes, start, end));
  const value = power < 0 ? digits / (EXACT_POWERS[-power] as number) : digits * (EXACT_POWERS[power] as number);
  return sign === MINUS ? -value : value;
}

/** What `e-3` at the end of a number says; NaN if it is no exponent. */
function parseExponent(bytes: Uint8Array, start: number, end: number): number {
  if (((bytes[start] as number) | LOWER_CASE) !== E) return Number.NaN;
  let at = start + 1;
  const sign = bytes[at];
  if (at < end && (sign === MINUS || sign === PLUS)) at++;
  if (at === end) return Number.NaN;
  let exponent = 0;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    exponent = exponent * 10 + digit;
  }
  return sign === MINUS ? -exponent : exponent;
}
