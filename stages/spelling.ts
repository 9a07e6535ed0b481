import { createRequire } from 'node:module';
import type Levenshtein from 'fast-levenshtein';

// Loaded when a spelling is looked up first: it takes 10 ms, and most who load this module never do.
let loaded: typeof Levenshtein | undefined;

function distanceOf(a: string, b: string): number {
  loaded ??= createRequire(import.meta.url)('fast-levenshtein') as typeof Levenshtein;
  return loaded.get(a, b);
}

interface Group {
  readonly words: string[];
  /** The set of letters of each word, as bits. */
  readonly letters: number[];
  /** When each word was added, counted over all groups. */
  readonly ranks: number[];
}

/** Words by length, to look up what a word that is not among them may have been meant to be. */
export class SpellingIndex {
  readonly #byLength = new Map<number, Group>();
  #size = 0;

  /** Add frequent words first: they win ties. */
  add(word: string): void {
    let group = this.#byLength.get(word.length);
    if (!group) {
      group = { words: [], letters: [], ranks: [] };
      this.#byLength.set(word.length, group);
    }
    group.words.push(word);
    group.letters.push(letterSet(word));
    group.ranks.push(this.#size++);
  }

  /**
   * The word at the smallest Levenshtein distance from `word`; of several, the one that was added first. Never `word`
   * itself.
   *
   * @param most the largest distance to look at
   */
  nearest(word: string, most: number): string | undefined {
    for (let distance = 1; distance <= most; distance++) {
      const found = this.#at(word, distance);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The first word added within `distance` edits. */
  #at(word: string, distance: number): string | undefined {
    const letters = letterSet(word);
    let best: string | undefined;
    let bestRank = Number.POSITIVE_INFINITY;
    for (let length = word.length - distance; length <= word.length + distance; length++) {
      const group = this.#byLength.get(length);
      if (!group) continue;
      for (let i = 0; i < group.words.length && (group.ranks[i] as number) < bestRank; i++) {
        // An edit changes the set of letters by two at most: that rules out most words without looking at them.
        if (bits((group.letters[i] as number) ^ letters) > 2 * distance) continue;
        const candidate = group.words[i] as string;
        if (candidate === word || distanceOf(word, candidate) > distance) continue;
        best = candidate;
        bestRank = group.ranks[i] as number;
      }
    }
    return best;
  }
}

function letterSet(word: string): number {
  let set = 0;
  for (let i = 0; i < word.length; i++) set |= 1 << (word.charCodeAt(i) & 31);
  return set;
}

/** How many bits are set. */
function bits(x: number): number {
  let left = x;
  let count = 0;
  for (; left !== 0; count++) left &= left - 1;
  return count;
}
