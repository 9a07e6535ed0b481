/**
 * Finds the values of a few keys in one line of JSON without parsing the rest or making a string.
 *
 * Of a 900-byte SNLI row some four fields are used. The scan understands exactly objects whose values are strings or
 * flat lists of strings, and gives up on anything else (an escape in a wanted value, a number, a nested object, a
 * syntax error): then `JSON.parse` must decide. Where it answers, the answer is that of `JSON.parse`.
 */

/** A key to look for, as the bytes between its quotes. */
export type Key = Uint8Array;

export function key(name: string): Key {
  return Buffer.from(name);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * Scans the object in `bytes` from `start` to `end`.
 *
 * @param keys the keys to look for
 * @param ranges receives start and end of the value of key `k` at `2k` and `2k + 1`, -1 where the key is missing; as
 * with `JSON.parse`, the last of several equal keys counts
 * @returns whether the scan understood the line; if not, `ranges` means nothing
 */
export function scanObject(
  bytes: Uint8Array,
  start: number,
  end: number,
  keys: readonly Key[],
  ranges: Int32Array,
): boolean {
  ranges.fill(-1);
  let at = skipSpace(bytes, start, end);
  if (bytes[at] !== OPEN) return false;
  at = skipSpace(bytes, at + 1, end);
  if (bytes[at] === CLOSE && at < end) return skipSpace(bytes, at + 1, end) === end;

  // Rows of one file have their keys in one order: most often the next key is the one after the last.
  let next = 0;
  for (;;) {
    const keyEnd = plainStringEnd(bytes, at, end);
    if (keyEnd < 0) return false;
    const wanted = indexOfKey(bytes, at + 1, keyEnd, keys, next);
    at = skipSpace(bytes, keyEnd + 1, end);
    if (at >= end || bytes[at] !== COLON) return false;
    at = skipSpace(bytes, at + 1, end);
    if (at >= end) return false;

    if (wanted >= 0) {
      next = wanted + 1;
      const close = plainStringEnd(bytes, at, end);
      if (close < 0) return false;
      ranges[2 * wanted] = at + 1;
      ranges[2 * wanted + 1] = close;
      at = close + 1;
    } else {
      at = skipValue(bytes, at, end);
      if (at < 0) return false;
    }

    at = skipSpace(bytes, at, end);
    if (at >= end) return false;
    if (bytes[at] === CLOSE) return skipSpace(bytes, at + 1, end) === end;
    if (bytes[at] !== COMMA) return false;
    at = skipSpace(bytes, at + 1, end);
  }
}

function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)) break;
    at++;
  }
  return at;
}

/** Where the string that opens at `at` closes, or -1 if there is none, or one with an escape or control character. */
function plainStringEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] !== QUOTE) return -1;
  for (let i = at + 1; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte === QUOTE) return i;
    if (byte === BACKSLASH || byte < 0x20) return -1;
  }
  return -1;
}

/** Past the value at `at`: a plain string or a flat list of them. -1 for any other. */
function skipValue(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== OPEN_LIST) {
    const close = plainStringEnd(bytes, at, end);
    return close < 0 ? -1 : close + 1;
  }
  at = skipSpace(bytes, at + 1, end);
  if (at < end && bytes[at] === CLOSE_LIST) return at + 1;
  for (;;) {
    const close = plainStringEnd(bytes, at, end);
    if (close < 0) return -1;
    at = skipSpace(bytes, close + 1, end);
    if (at >= end) return -1;
    if (bytes[at] === CLOSE_LIST) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = skipSpace(bytes, at + 1, end);
  }
}

/** Which of the keys is in `bytes` from `start` to `end`, or -1; looks at `keys[first]` first. */
function indexOfKey(bytes: Uint8Array, start: number, end: number, keys: readonly Key[], first: number): number {
  if (first < keys.length && isKey(bytes, start, end, keys[first] as Key)) return first;
  for (let k = 0; k < keys.length; k++) if (isKey(bytes, start, end, keys[k] as Key)) return k;
  return -1;
}

/** Whether the bytes from `start` to `end` are those of `key`. */
export function isKey(bytes: Uint8Array, start: number, end: number, key: Key): boolean {
  if (key.length !== end - start) return false;
  // From the end: keys of one row tend to begin alike (sentence1, sentence1_parse).
  for (let i = key.length - 1; i >= 0; i--) if (bytes[start + i] !== key[i]) return false;
  return true;
}
