/**
 * The tokens of the Penn Treebank, from the text alone, in one pass over its shape.
 *
 * White space and symbols part words. A word then sheds what it ends with (a period, an apostrophe), is cut at dashes
 * and ellipses, and its contractions come apart (`ca n't`, `gon na`), by the rules of Treebank tokenization (MacIntyre
 * 1995, `tokenizer.sed`) as the parses of SNLI follow them. Every token is a run of the text as it stands; quotation
 * marks are left as they are.
 */
import { isUtf8 } from 'node:buffer';
import type { Utf8Column, Utf8ListColumn } from '../../pipeline/columns.ts';
import { isAbbreviation } from './abbreviations.ts';
import { contractionStart, cutsOf } from './contractions.ts';
import { belongs, isWordShape, pastCharacter, REST, SHAPES, shapeOfBytes, shapeOfText } from './shape.ts';
import { cutColumn, TokenRanges } from './token-ranges.ts';

const APOSTROPHE = 0x27;
const AMPERSAND = 0x26;
const HYPHEN = 0x2d;
const PERIOD = 0x2e;

/** So many hyphens are a dash, so many periods an ellipsis. */
const DASH = 2;
const ELLIPSIS = 3;

// What a shape is to words: a token of its own;
const SYMBOL = 0;
const BLANK = 1;
// a token of its own, but for between two digits (`1,000`, `10:30`);
const NUMERIC = 2;
// part of a word that may have to be cut at it (and holds `he/she` and `R&B` together);
const MARK = 4;
const WORD = 8;

const KINDS = Uint8Array.from({ length: SHAPES }, (_, shape) => {
  const character = String.fromCharCode(shape);
  if (isWordShape(shape)) return WORD;
  if (".'-&/+<>".includes(character) || shape === REST) return MARK;
  if (',:'.includes(character)) return NUMERIC;
  return shape < 0x80 && /\s/.test(character) ? BLANK : SYMBOL;
});

// Used again and again: to make one would cost more than to fill it.
const scratch = new TokenRanges();

/** The tokens of a text. */
export function treebank(text: string): string[] {
  scratch.clear();
  scan(shapeOfText(text), 0, text.length, scratch);
  return scratch.of(text);
}

/** The tokens of a column of texts, as ranges of its bytes; none if a text is missing or no UTF-8. */
export function treebankColumn(texts: Utf8Column): Utf8ListColumn | undefined {
  return cutColumn(texts, (data, start, end, tokens) => {
    const ascii = isAscii(data, start, end);
    if (!ascii && !isUtf8(data.subarray(start, end))) return false;
    tokens.offset = ascii ? 0 : start;
    if (ascii) scan(data, start, end, tokens);
    else scan(shapeOfBytes(data, start, end), 0, end - start, tokens);
    return true;
  });
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((bytes[at] as number) >= 0x80) return false;
  return true;
}

/** Finds the tokens of the text that has this shape from `start` to `end`. */
function scan(shape: Uint8Array, start: number, end: number, tokens: TokenRanges): void {
  for (let at = start; at < end; ) {
    const from = at++;
    let kinds = KINDS[shape[from] as number] as number;
    if (kinds === BLANK) continue;
    if (kinds < MARK) {
      at = pastCharacter(shape, at, end);
      tokens.push(from, at);
      continue;
    }
    for (; at < end; at++) {
      const kind = KINDS[shape[at] as number] as number;
      if (kind < MARK && !(kind === NUMERIC && isBetweenDigits(shape, at, end))) break;
      kinds |= kind;
    }
    if (kinds === WORD) tokens.push(cutLetters(shape, from, at, from, tokens), at);
    else cutWord(shape, from, at, end, tokens);
  }
}

/** Cuts a word that has marks: first its contractions come apart, then each part sheds what it ends with. */
function cutWord(shape: Uint8Array, from: number, stop: number, end: number, tokens: TokenRanges): void {
  // Where contractions begin, the last one first: where one was cut off, the one before it may end.
  const cuts: number[] = [];
  let rest = stop;
  for (let at = stop - 1; at > from; at--) {
    if (shape[at] !== APOSTROPHE) continue;
    const cut = contractionStart(shape, from, at, pastCharacter(shape, at + 1, rest), rest);
    if (cut <= from) continue;
    cuts.push(cut);
    rest = cut;
    at = cut;
  }
  let part = from;
  for (let i = cuts.length - 1; i >= 0; i--) {
    const cut = cuts[i] as number;
    cutPart(shape, part, cut, end, tokens);
    part = cut;
  }
  cutPart(shape, part, stop, end, tokens);
}

function cutPart(shape: Uint8Array, from: number, stop: number, end: number, tokens: TokenRanges): void {
  // Where each of the marks begins that the part ends with, the last one first.
  const tail: number[] = [];
  let bodyEnd = stop;
  for (let mark = lastMark(shape, from, stop, end); mark < bodyEnd; mark = lastMark(shape, from, bodyEnd, end)) {
    tail.push(mark);
    bodyEnd = mark;
  }
  if (bodyEnd > from) cutBody(shape, from, bodyEnd, tokens);
  for (let i = tail.length - 1; i >= 0; i--) tokens.push(tail[i] as number, i === 0 ? stop : (tail[i - 1] as number));
}

/** Where the mark begins that the part from `from` to `stop` ends with and sheds; `stop` if there is none. */
function lastMark(shape: Uint8Array, from: number, stop: number, end: number): number {
  let at = stop - 1;
  while (at > from && belongs(shape[at])) at--;
  if (at < from) return stop;
  const mark = shape[at];
  if (mark === APOSTROPHE || mark === AMPERSAND) return at;
  if (mark === HYPHEN) return isBracket(shape, from, stop) ? stop : startOfRun(shape, from, at);
  if (mark !== PERIOD) return stop;
  const first = startOfRun(shape, from, at);
  if (at + 1 - first >= ELLIPSIS) return first;
  return isAbbreviation(shape, from, at, end) ? stop : at;
}

/** Cuts a part without what it sheds: at dashes and ellipses, and letters that were two words. */
function cutBody(shape: Uint8Array, from: number, stop: number, tokens: TokenRanges): void {
  let token = from;
  let letters = from;
  for (let at = from; at < stop; ) {
    const mark = shape[at] as number;
    if (isWordShape(mark)) {
      at++;
      continue;
    }
    token = cutLetters(shape, letters, at, token, tokens);
    let next = at + 1;
    while (next < stop && shape[next] === mark) next++;
    if ((mark === HYPHEN && next - at >= DASH) || (mark === PERIOD && next - at >= ELLIPSIS)) {
      if (at > token) tokens.push(token, at);
      tokens.push(at, next);
      token = next;
    }
    at = pastCharacter(shape, next, stop);
    letters = at;
  }
  token = cutLetters(shape, letters, stop, token, tokens);
  if (stop > token) tokens.push(token, stop);
}

/** Cuts letters that were two words, in the token that began at `token`; answers where the last part begins. */
function cutLetters(shape: Uint8Array, start: number, end: number, token: number, tokens: TokenRanges): number {
  const cuts = cutsOf(shape, start, end);
  for (let i = 0; i < cuts.length; i++) {
    const cut = start + (cuts[i] as number);
    tokens.push(token, cut);
    token = cut;
  }
  return token;
}

/** Whether it is a bracket as the Treebank writes them: `-LRB-`. */
function isBracket(shape: Uint8Array, from: number, stop: number): boolean {
  return stop - from === 5 && /^-[LR][RSC]B-$/.test(String.fromCharCode(...shape.subarray(from, stop)));
}

/** Where the run of equal marks begins that ends at `last`. */
function startOfRun(shape: Uint8Array, from: number, last: number): number {
  let first = last;
  while (first > from && shape[first - 1] === shape[last]) first--;
  return first;
}

function isBetweenDigits(shape: Uint8Array, at: number, end: number): boolean {
  return at + 1 < end && isDigit(shape[at - 1] as number) && isDigit(shape[at + 1] as number);
}

function isDigit(shape: number): boolean {
  return shape >= 0x30 && shape <= 0x39;
}
