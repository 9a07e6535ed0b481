/**
 * What a tokenizer has to know of a text: a byte for each of its units. ASCII is itself; of all else only the kind
 * matters. So one tokenizer serves texts as UTF-16 and as UTF-8, and where its tokens begin and end holds for either.
 */

/** A letter or the like past ASCII. */
export const LETTER = 0x80;
/** What belongs to the character before it: the rest of a letter, an accent, a joiner and what it joins. */
export const CONTINUED = 0x81;
/** A character past ASCII that is no part of a word: a dash, a quotation mark, an emoji. */
export const SYMBOL = 0x82;
/** The rest of a symbol, or of an apostrophe past ASCII. */
export const REST = 0x83;

/** How many shapes there are. */
export const SHAPES = 0x84;

/** Which shapes make words: letters, digits, `_`, and what belongs to them. */
const WORD_SHAPES = Uint8Array.from({ length: SHAPES }, (_, shape) =>
  shape === LETTER || shape === CONTINUED || (shape < 0x80 && /\w/.test(String.fromCharCode(shape))) ? 1 : 0,
);

/** Whether a shape is that of a letter or digit, or belongs to one. */
export function isWordShape(shape: number): boolean {
  return WORD_SHAPES[shape] === 1;
}

/** Whether a unit belongs to the character before it. */
export function belongs(shape: number | undefined): boolean {
  return shape === CONTINUED || shape === REST;
}

/** Past the units from `at` that belong to the character before. */
export function pastCharacter(shape: Uint8Array, at: number, end: number): number {
  while (at < end && belongs(shape[at])) at++;
  return at;
}

const SPACE = 0x20;
const APOSTROPHE = 0x27;
const DIGIT = 0x30;

const JOINER = 0x200d;

// Used again and again: to make one would cost more than to fill it.
let scratch = new Uint8Array(1024);

/** The shape of a text, one byte for each of its UTF-16 units; overwritten by the next call. */
export function shapeOfText(text: string): Uint8Array {
  if (text.length > scratch.length) scratch = new Uint8Array(2 * text.length);
  const shape = scratch;
  let ascii = 0;
  for (; ascii < text.length; ascii++) {
    const unit = text.charCodeAt(ascii);
    if (unit >= 0x80) break;
    shape[ascii] = unit;
  }
  let before = 0;
  for (let at = ascii; at < text.length; ) {
    const point = text.codePointAt(at) as number;
    const units = point > 0xffff ? 2 : 1;
    put(shape, at, units, shapeOf(point, before));
    before = point;
    at += units;
  }
  return shape;
}

/**
 * The shape of UTF-8 from `start` to `end`, one byte for each of its bytes.
 *
 * @param bytes must be UTF-8
 */
export function shapeOfBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const shape = new Uint8Array(end - start);
  let before = 0;
  for (let at = start; at < end; ) {
    const lead = bytes[at] as number;
    const units = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    let point = units === 1 ? lead : lead & (0xff >> (units + 1));
    for (let i = 1; i < units; i++) point = (point << 6) | ((bytes[at + i] as number) & 0x3f);
    put(shape, at - start, units, shapeOf(point, before));
    before = point;
    at += units;
  }
  return shape;
}

/** White space and digits are so in all their units; of others the first unit says what they are. */
function put(shape: Uint8Array, at: number, units: number, kind: number): void {
  shape[at] = kind;
  if (units === 1) return;
  const rest = kind === SPACE || kind === DIGIT ? kind : kind === SYMBOL || kind === APOSTROPHE ? REST : CONTINUED;
  shape.fill(rest, at + 1, at + units);
}

function shapeOf(point: number, before: number): number {
  if (point < 0x80) return point;
  let known = shapes.get(point);
  if (known === undefined) {
    known = shapeOfCharacter(String.fromCodePoint(point));
    shapes.set(point, known);
  }
  return before === JOINER && known === SYMBOL ? CONTINUED : known;
}

// By code point: a text has few different characters, and to ask for their Unicode properties is slow.
const shapes = new Map<number, number>();

function shapeOfCharacter(character: string): number {
  if (/\s/u.test(character)) return SPACE;
  if (character === '’') return APOSTROPHE;
  if (/[\p{M}\p{Join_Control}\p{Emoji_Modifier}\u00ad]/u.test(character)) return CONTINUED;
  if (/\p{Nd}/u.test(character)) return DIGIT;
  return /[\p{L}\p{N}]/u.test(character) ? LETTER : SYMBOL;
}
