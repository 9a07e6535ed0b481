/** Where words come apart that were two, on the shapes of the Treebank tokenizer. */
import { isWordShape } from './shape.ts';

const LOWER_CASE = 0x20;
const [D, E, L, M, N, R, S, T, V, Y] = Array.from('delmnrstvy', (letter) => letter.charCodeAt(0));

// What stands before `'n` and `'ye`.
const [MOR, MORE, DO] = ['mor', 'more', 'd'].map((word) => Buffer.from(word)) as [Buffer, Buffer, Buffer];

/** Words without an apostrophe that come apart, each with where: `can|not`. */
const MERGED = ['can|not', 'gim|me', 'gon|na', 'got|ta', 'lem|me', 'wan|na', 't|is', 't|was', 'wha|dd|ya', 'wha|t|cha'];

interface Merged {
  readonly letters: Uint8Array;
  readonly cuts: readonly number[];
}

const MOST_LETTERS = 7;

/** Those words at {@link slotOf} their first letter and size, which rule nearly all other words out. */
const SLOTS: (readonly Merged[] | undefined)[] = new Array(slotOf(0x80, 0)).fill(undefined);
for (const word of MERGED) {
  const letters = Buffer.from(word.replaceAll('|', ''));
  const cuts = Array.from(word.matchAll(/\|/g), ({ index }, before) => index - before);
  const slot = slotOf(letters[0] as number, letters.length);
  SLOTS[slot] = [...(SLOTS[slot] ?? []), { letters, cuts }];
}

function slotOf(first: number, size: number): number {
  return first * (MOST_LETTERS + 1) + size;
}

const NONE: readonly number[] = [];

/** Where the word from `start` to `end`, all letters, comes apart, counted from its start. */
export function cutsOf(shape: Uint8Array, start: number, end: number): readonly number[] {
  const size = end - start;
  const first = lower(shape, start);
  if (size > MOST_LETTERS || first >= 0x80) return NONE;
  const words = SLOTS[slotOf(first, size)];
  if (!words) return NONE;
  for (let i = 0; i < words.length; i++) {
    const { letters, cuts } = words[i] as Merged;
    let same = 1;
    while (same < size && letters[same] === lower(shape, start + same)) same++;
    if (same === size) return cuts;
  }
  return NONE;
}

/**
 * Where the contraction begins that an apostrophe belongs to: at it, or at the `n` of `n't`.
 *
 * @param start where the word begins
 * @param at where the apostrophe is
 * @param next where the letters behind it begin
 * @param end where the word ends
 * @returns -1 if it is no contraction
 */
export function contractionStart(shape: Uint8Array, start: number, at: number, next: number, end: number): number {
  let size = 0;
  while (size < 3 && next + size < end && isWordShape(shape[next + size] as number)) size++;
  const first = size > 0 ? lower(shape, next) : 0;
  if (size === 1) {
    if (first === S || first === M || first === D) return at;
    if (first === T && at > start && lower(shape, at - 1) === N) return at - 1;
    if (first === N && (isBefore(shape, start, at, MOR) || isBefore(shape, start, at, MORE))) return at;
  }
  if (size === 2) {
    const second = lower(shape, next + 1);
    if (second === E ? first === R || first === V : second === L && first === L) return at;
    if (first === Y && second === E && isBefore(shape, start, at, DO)) return at;
  }
  return -1;
}

/** Whether these letters, and no others, stand before `end`. */
function isBefore(shape: Uint8Array, start: number, end: number, letters: Uint8Array): boolean {
  const first = end - letters.length;
  if (first < start || (first > start && isWordShape(shape[first - 1] as number))) return false;
  return letters.every((letter, i) => letter === lower(shape, first + i));
}

/** The unit, an ASCII letter in lower case; what is none does not become one. */
function lower(shape: Uint8Array, at: number): number {
  return (shape[at] as number) | LOWER_CASE;
}
