import { type Columns, MillraceError, type Origin, Utf8Column, unknownName } from '../pipeline/index.ts';
import { leaves, unescapeToken } from './binary-parse.ts';
import { leafTokens } from './leaves.ts';
import type { Sentence } from './records.ts';
import { defineSentenceStage, type Text } from './sentences.ts';
import { naturalTreebank } from './tokenizers/natural.ts';
import { treebank, treebankColumn } from './tokenizers/treebank.ts';

/** The ways to cut a sentence into tokens. */
export const tokenizers = {
  parse: "the leaves of the corpus' binary parse",
  treebank: 'Penn Treebank rules, from the text: what the parses of SNLI were made with',
  auto: 'parse where the corpus has one, treebank where it has none',
  word: 'runs of letters, digits and inner apostrophes; punctuation is left out',
  whitespace: 'runs of anything but white space',
  regex: 'the matches of a pattern',
  natural: "what natural's Treebank tokenizer makes of the text",
} as const;

export type TokenizerName = keyof typeof tokenizers;

export interface TokenizeOptions {
  /** For `regex`: what a token looks like, as a JavaScript regular expression with Unicode rules. Default `\S+`. */
  readonly pattern?: string;
  /** For `parse`: undo the Treebank's escapes, `-LRB-` to `(` and so on. Default false, as GloVe and SPINN have it. */
  readonly unescape?: boolean;
}

/**
 * Adds `tokens`.
 *
 * @throws MillraceError MILLRACE_USAGE for an unknown tokenizer or a pattern that is none; MILLRACE_BAD_RECORD, subject
 * to the error policy, where `parse` finds no parse
 */
export function tokenize<T extends Text>(method: TokenizerName = 'parse', options: TokenizeOptions = {}) {
  const tokens = tokenizer(method, options);
  return defineSentenceStage<T>({
    name: 'tokenize',
    options: { method, ...options },
    remote: { module: import.meta.url, export: 'tokenize', args: [method, options] },
    sentence: (sentence, origin) => ({ tokens: tokens(sentence, origin) }),
    columns: (columns, prefix) => tokenColumns(method, options, columns, prefix),
  });
}

/** The methods whose tokens stand in the text or the parse as they are, over columns. */
function tokenColumns(
  method: TokenizerName,
  { unescape: undo }: TokenizeOptions,
  columns: Columns,
  prefix: string,
): Columns | undefined {
  const { [`${prefix}text`]: text, [`${prefix}binaryParse`]: parses } = columns;
  const fromParse = method === 'parse' || (method === 'auto' && parses !== undefined);
  if (fromParse ? undo : method !== 'treebank' && method !== 'auto') return undefined;
  const column = fromParse ? parses : text;
  if (!(column instanceof Utf8Column)) return undefined;
  const tokens = fromParse ? leafTokens(column) : treebankColumn(column);
  return tokens && { tokens };
}

type Tokenizer = (sentence: Sentence, origin: Origin | undefined) => string[];

function tokenizer(method: TokenizerName, { pattern = '\\S+', unescape: undo = false }: TokenizeOptions): Tokenizer {
  const fromParse = (parse: string) => (undo ? leaves(parse).map(unescapeToken) : leaves(parse));
  switch (method) {
    case 'parse':
      return ({ text, binaryParse }, origin) => {
        if (binaryParse !== undefined) return fromParse(binaryParse);
        throw new MillraceError('MILLRACE_BAD_RECORD', 'The sentence has no binary parse to take tokens from', {
          ...(origin && { origin }),
          found: text,
          hint: 'Put parse:snli before it, or take tokenize:treebank, which needs only the text.',
        });
      };
    case 'auto':
      return ({ text, binaryParse }) => (binaryParse === undefined ? treebank(text) : fromParse(binaryParse));
    case 'treebank':
      return ({ text }) => treebank(text);
    case 'natural':
      return ({ text }) => naturalTreebank(text);
    case 'word':
      return ({ text }) => text.match(/[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*/gu) ?? [];
    case 'whitespace':
      return ({ text }) => text.match(/\S+/g) ?? [];
    case 'regex': {
      const expression = compile(pattern);
      return ({ text }) => text.match(expression)?.filter((token) => token !== '') ?? [];
    }
    default:
      throw unknownName('tokenizer', method, Object.keys(tokenizers));
  }
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'gu');
  } catch (cause) {
    throw new MillraceError('MILLRACE_USAGE', `The pattern is no regular expression (${(cause as Error).message})`, {
      found: pattern,
      cause,
    });
  }
}
