/** Random sentences, trees and rows of a corpus for the laws of the text stages. */
import fc from 'fast-check';

/** A law's runs: the same ones each time. */
export function runs(numRuns: number) {
  return { seed: 20260, numRuns };
}

/** Block sizes, down to single bytes. */
export const blockSizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });

/** Words as they occur, and those that break naive code: accents, other scripts, names of `Object.prototype`. */
export const word = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-zA-Z]{1,8}$/) },
  fc.constantFrom('.', ',', "n't", '-LRB-', "don't", 'constructor', '__proto__', '1,000', '<unk>', '"', '\\'),
  fc.constantFrom('café', 'Ärger', 'İstanbul', 'naïve', '日本', '👩‍🚀', 'e\u0301', 'ΟΔΟΣ', '\u212a', '\u{1f600}'),
);

export const words = fc.array(word, { minLength: 1, maxLength: 12 });

/** A binary tree: a token, or two trees. */
export type Tree = string | readonly [Tree, Tree];

export const tree: fc.Arbitrary<Tree> = fc
  .record({ tokens: words, splits: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }) })
  .map(({ tokens, splits }) => growTree(tokens, splits));

function growTree(tokens: readonly string[], splits: readonly number[]): Tree {
  if (tokens.length === 1) return tokens[0] as string;
  const at = 1 + ((splits[tokens.length - 1] as number) % (tokens.length - 1));
  return [growTree(tokens.slice(0, at), splits), growTree(tokens.slice(at), splits)];
}

export function writeTree(node: Tree): string {
  return typeof node === 'string' ? node : `( ${writeTree(node[0])} ${writeTree(node[1])} )`;
}

export function leavesOf(node: Tree): string[] {
  return typeof node === 'string' ? [node] : node.flatMap(leavesOf);
}

/** JSON with every character outside ASCII letters and digits escaped, or none. */
export function writeJson(value: unknown, escaped: boolean): string {
  const json = JSON.stringify(value);
  if (!escaped) return json;
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A parse that may be one. */
const parseText = fc.oneof({ weight: 8, arbitrary: tree.map(writeTree) }, fc.constantFrom('', '( a', 'a b', '( )'));

const odd = fc.constantFrom(null, undefined, '', ' ', '\u00a0', 7, ['x'], {}, '\ud800');

function mostly<T>(arbitrary: fc.Arbitrary<T>, weight = 30): fc.Arbitrary<unknown> {
  return fc.oneof({ weight, arbitrary }, odd);
}

/** A row of SNLI, most often a good one. */
const snliRow = fc.record({
  annotator_labels: mostly(fc.array(fc.constantFrom('neutral', 'entailment'), { maxLength: 5 })),
  captionID: mostly(word),
  gold_label: mostly(fc.constantFrom('entailment', 'neutral', 'contradiction', '-')),
  pairID: mostly(word),
  sentence1: mostly(words.map((all) => all.join(' '))),
  sentence1_binary_parse: mostly(parseText),
  sentence1_parse: mostly(parseText),
  sentence2: mostly(words.map((all) => all.join(' '))),
  sentence2_binary_parse: mostly(parseText),
  sentence2_parse: mostly(parseText),
});

const snliLine = fc.oneof(
  { weight: 40, arbitrary: fc.record({ row: snliRow, escaped: fc.boolean() }).map((a) => writeJson(a.row, a.escaped)) },
  fc.constantFrom('', ' ', '{', '[]', 'null', '{}', '\ufeff{}', '"text"'),
);

/** A file of such rows. */
export const snliFile = fc
  .record({ rows: fc.array(snliLine, { maxLength: 12 }), newline: fc.constantFrom('\n', '\r\n') })
  .map(({ rows, newline }) => rows.join(newline));

/** A good row of SNLI, as its line. */
export function snliText(fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    annotator_labels: ['neutral', 'neutral'],
    captionID: '1.jpg#0',
    gold_label: 'neutral',
    pairID: '1.jpg#0r1n',
    sentence1: 'A dog sleeps.',
    sentence1_binary_parse: '( ( A dog ) ( sleeps . ) )',
    sentence1_parse: '(ROOT (S (NP (DT A) (NN dog)) (VP (VBZ sleeps)) (. .)))',
    sentence2: 'It dreams.',
    sentence2_binary_parse: '( It ( dreams . ) )',
    sentence2_parse: '(ROOT (S (NP (PRP It)) (VP (VBZ dreams)) (. .)))',
    ...fields,
  });
}

/** Texts that are mostly what the reader of rows looks at. */
export const quotedScraps = fc.string({ unit: fc.constantFrom('"', '"', ',', 'a', 'b', '\n', ' '), maxLength: 24 });
