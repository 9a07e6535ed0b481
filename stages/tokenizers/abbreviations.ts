/** Periods that are part of a word, on the shapes of the Treebank tokenizer. */
import { isWordShape } from './shape.ts';

/**
 * Titles and the like, that a name follows: few, since a word that also ends sentences (`no.`, `etc.`) is better not
 * taken for one.
 */
const ABBREVIATIONS = new Set('capt dr ft gov jr lt mr mrs ms mt prof rt sgt sr st vs'.split(' '));
const LONGEST = Math.max(...Array.from(ABBREVIATIONS, (word) => word.length));

const SPACE = 0x20;
const PERIOD = 0x2e;
const LOWER_CASE = 0x20;

/**
 * Whether the period at `period`, which ends the word that begins at `start`, abbreviates: a title (`Dr.`), single
 * letters with a period each (`U.S.`, `t.v.`), or an initial before a name (`J. Smith`). It then belongs to the word,
 * even where it ends the sentence too.
 *
 * @param end of the text
 */
export function isAbbreviation(shape: Uint8Array, start: number, period: number, end: number): boolean {
  let first = period;
  while (first > start && period - first <= LONGEST && isLetter(shape[first - 1])) first--;
  if (period - first === 1) return isLetters(shape, start, period, end);
  if (period - first > LONGEST || !beginsWord(shape, start, first)) return false;
  let word = '';
  for (let at = first; at < period; at++) word += String.fromCharCode((shape[at] as number) | LOWER_CASE);
  return ABBREVIATIONS.has(word);
}

/** Whether the letter before the period is one of several that each have a period, or an initial. */
function isLetters(shape: Uint8Array, start: number, period: number, end: number): boolean {
  const first = period - 1;
  if (!beginsWord(shape, start, first)) return false;
  if (isLetter(shape[first - 2]) && shape[first - 1] === PERIOD && beginsWord(shape, start, first - 2)) return true;
  return isCapital(shape[first]) && shape[period + 1] === SPACE && period + 2 < end && isCapital(shape[period + 2]);
}

/** Whether what is at `at` lies within the word that begins at `start`, and no letter is before it. */
function beginsWord(shape: Uint8Array, start: number, at: number): boolean {
  return at >= start && (at === start || !isWordShape(shape[at - 1] as number));
}

function isLetter(shape: number | undefined): boolean {
  const letter = (shape ?? 0) | LOWER_CASE;
  return letter >= 0x61 && letter <= 0x7a;
}

function isCapital(shape: number | undefined): boolean {
  return isLetter(shape) && ((shape ?? 0) & LOWER_CASE) === 0;
}
