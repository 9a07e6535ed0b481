import { createRequire } from 'node:module';
import {
  type Columns,
  MillraceError,
  type Origin,
  Utf8Column,
  Utf8ListColumn,
  unknownName,
} from '../pipeline/index.ts';
import { leaves, scanParse, unescapeToken } from './binary-parse.ts';
import type { Sentence } from './records.ts';
import { defineSentenceStage, type Text } from './sentences.ts';

/** The ways to cut a sentence into tokens. */
export const tokenizers = {
  parse: "the leaves of the corpus' binary parse",
  treebank: 'Penn Treebank rules, from the text; what the parses of SNLI were made from',
  auto: 'parse where the corpus has one, treebank where it has none',
  word: 'runs of letters, digits and inner apostrophes; punctuation is left out',
  whitespace: 'runs of anything but white space',
  regex: 'the matches of a pattern',
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
    ...((method === 'parse' || method === 'auto') && !options.unescape && { columns: leafColumns }),
  });
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

// Loaded on first use: whoever takes tokens from parses or by a pattern need not wait for it.
const require = createRequire(import.meta.url);
let treebankTokenizer: { tokenize(text: string): string[] } | undefined;

/** natural's Treebank tokenizer. */
function treebank(text: string): string[] {
  if (!treebankTokenizer) {
    const Treebank = require('natural/lib/natural/tokenizers/treebank_word_tokenizer.js');
    treebankTokenizer = new Treebank() as { tokenize(text: string): string[] };
  }
  return treebankTokenizer.tokenize(text);
}

/** The leaves of a column of parses, as ranges of the parses' own bytes. */
function leafColumns(columns: Columns, prefix: string): Columns | undefined {
  const parses = columns[`${prefix}binaryParse`];
  if (!(parses instanceof Utf8Column)) return undefined;
  const { data } = parses;
  const rowStarts = new Int32Array(parses.length);
  const rowEnds = new Int32Array(parses.length);
  const starts: number[] = [];
  const ends: number[] = [];
  const addLeaf = (kind: 'token' | '(' | ')', start: number, end: number) => {
    if (kind !== 'token') return;
    starts.push(start);
    ends.push(end);
  };
  for (let row = 0; row < parses.length; row++) {
    const start = parses.starts[row] as number;
    const end = parses.ends[row] as number;
    if (start < 0) return undefined;
    // A corpus has several hypotheses to a premise, in a row: they share its tokens, and all that is made of them.
    if (row > 0 && equalBytes(data, start, end, parses.starts[row - 1] as number, parses.ends[row - 1] as number)) {
      rowStarts[row] = rowStarts[row - 1] as number;
    } else {
      rowStarts[row] = starts.length;
      scanParse(data, start, end, addLeaf);
    }
    rowEnds[row] = starts.length;
  }
  const items = new Utf8Column(data, new Int32Array(starts), new Int32Array(ends));
  return { tokens: new Utf8ListColumn(items, rowStarts, rowEnds) };
}

function equalBytes(data: Uint8Array, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let i = 0; i < end - start; i++) if (data[start + i] !== data[otherStart + i]) return false;
  return true;
}
