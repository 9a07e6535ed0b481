/**
 * Sentences like SNLI's, from a small grammar: captions of some 14 tokens and statements of some 8, over a vocabulary
 * of 36,000 made-up words whose frequencies follow the law of Zipf and Mandelbrot.
 */
import type { Random } from '../pipeline/random.ts';

/** A sentence as the corpus writes it: `A gobiner is doing.`, its binary parse, its constituency parse. */
export interface WrittenSentence {
  readonly text: string;
  readonly binaryParse: string;
  readonly parse: string;
}

/** A phrase in the three ways of writing at once: a tree would only be made to be thrown away. */
type Phrase = WrittenSentence;

/** Words of one part of speech, the frequent ones first and short. */
class WordClass {
  readonly #words: string[];
  readonly #cumulated: Float64Array;

  constructor(size: number, ending: string) {
    this.#words = Array.from({ length: size }, (_, rank) => syllables(rank) + ending);
    this.#cumulated = new Float64Array(size);
    let total = 0;
    for (let rank = 0; rank < size; rank++) {
      total += 1 / (rank + 3) ** 1.05;
      this.#cumulated[rank] = total;
    }
  }

  draw(random: Random): string {
    const cumulated = this.#cumulated;
    const aim = random.uniform() * (cumulated.at(-1) as number);
    let [low, high] = [0, cumulated.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulated[middle] as number) <= aim) low = middle + 1;
      else high = middle;
    }
    return this.#words[low] as string;
  }
}

const CONSONANTS = 'bdfghjklmnprst';
const VOWELS = 'aeiou';
const SYLLABLES = CONSONANTS.length * VOWELS.length;

function syllables(rank: number): string {
  const last = rank % SYLLABLES;
  const syllable = `${CONSONANTS[Math.floor(last / VOWELS.length)]}${VOWELS[last % VOWELS.length]}`;
  return rank < SYLLABLES ? syllable : syllables(Math.floor(rank / SYLLABLES) - 1) + syllable;
}

const nouns = new WordClass(20_000, 'ner');
const adjectives = new WordClass(6_000, 'ly');
const verbs = new WordClass(10_000, 'ing');
const articles = ['a', 'a', 'the', 'two', 'some'];
const prepositions = ['in', 'on', 'with', 'of', 'near', 'at'];

/** A caption, such as a premise: 14 tokens on average. */
export function caption(random: Random): WrittenSentence {
  return sentence(random, 0.45, 0.66);
}

/** A statement, such as a hypothesis: 8 tokens on average. */
export function statement(random: Random): WrittenSentence {
  return sentence(random, 0.16, 0.38);
}

/** The sentence with its first noun phrase in quotation marks, which JSON has to escape. */
export function quoted({ text, binaryParse, parse }: WrittenSentence): WrittenSentence {
  return {
    text: `"${text}"`,
    binaryParse: `( \`\` ( ${binaryParse} '' ) )`,
    parse: `(ROOT (S (\`\` \`\`) ${parse.slice('(ROOT '.length, -1)} ('' '')))`,
  };
}

/**
 * @param nested how probably a noun is followed by a phrase of its own
 * @param adjective how probably a noun has an adjective before it
 */
function sentence(random: Random, nested: number, adjective: number): WrittenSentence {
  const subject = nounPhrase(random, nested, adjective);
  const verb = join('VP', word('VBZ', 'is'), verbPhrase(random, nested, adjective));
  const { text, binaryParse, parse } = join('S', subject, join('', verb, word('.', '.')));
  const capital = (written: string) => written.replace(/\b[a-z]/, (letter) => letter.toUpperCase());
  return {
    text: capital(text).replace(' .', '.'),
    binaryParse: capital(binaryParse),
    parse: `(ROOT ${parse.replace(/ [a-z]/, (letter) => letter.toUpperCase())})`,
  };
}

function verbPhrase(random: Random, nested: number, adjective: number): Phrase {
  const verb = word('VBG', verbs.draw(random));
  if (random.uniform() > 0.35 + nested) return labelled('VP', verb);
  return join('VP', verb, prepositionalPhrase(random, nested, adjective));
}

function nounPhrase(random: Random, nested: number, adjective: number): Phrase {
  const noun = word('NN', nouns.draw(random));
  const named = random.uniform() < adjective ? join('', word('JJ', adjectives.draw(random)), noun) : noun;
  const phrase = join('NP', word('DT', pick(random, articles)), named);
  if (random.uniform() >= nested) return phrase;
  return join('NP', phrase, prepositionalPhrase(random, nested, adjective));
}

function prepositionalPhrase(random: Random, nested: number, adjective: number): Phrase {
  return join('PP', word('IN', pick(random, prepositions)), nounPhrase(random, nested, adjective));
}

function pick(random: Random, words: readonly string[]): string {
  return words[random.below(words.length)] as string;
}

function word(tag: string, text: string): Phrase {
  return { text, binaryParse: text, parse: `(${tag} ${text})` };
}

/** Two phrases as one. Without a label they are one node of the binary parse only. */
function join(label: string, left: Phrase, right: Phrase): Phrase {
  const parse = `${left.parse} ${right.parse}`;
  return {
    text: `${left.text} ${right.text}`,
    binaryParse: `( ${left.binaryParse} ${right.binaryParse} )`,
    parse: label === '' ? parse : `(${label} ${parse})`,
  };
}

function labelled(label: string, phrase: Phrase): Phrase {
  return { ...phrase, parse: `(${label} ${phrase.parse})` };
}
