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

/** So many digits make an integer that a float64 holds exactly, whichever they are. */
const EXACT_DIGITS = 15;

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
  const sign = bytes[start];
  const first = start < end && (sign === MINUS || sign === PLUS) ? start + 1 : start;
  let digits = 0;
  let point = -1;
  let at = first;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit >= 0 && digit <= 9) digits = digits * 10 + digit;
    else if (bytes[at] === PERIOD && point < 0) point = at;
    else break;
  }
  const count = at - first - (point < 0 ? 0 : 1);
  const exponent = at < end ? parseExponent(bytes, at, end) : 0;
  if (count === 0 || Number.isNaN(exponent)) return Number.NaN;

  const power = point < 0 ? exponent : exponent - (at - point - 1);
  if (count > EXACT_DIGITS || power > MOST_EXACT || power < -MOST_EXACT) {
    return Number.parseFloat(decodeUtf8(bytes, start, end));
  }
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
