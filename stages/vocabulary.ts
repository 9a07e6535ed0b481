import { readFile } from 'node:fs/promises';
import {
  fingerprint,
  Int32ListColumn,
  MillraceError,
  Pipeline,
  Utf8Column,
  type Utf8ListColumn,
} from '../pipeline/index.ts';
import { leavesOf } from './leaves.ts';
import type { Text } from './sentences.ts';
import { TokenTable } from './token-table.ts';
import { byCountThenBytes, WordCounts } from './word-counts.ts';
import { writeFileAtomic } from './write-file.ts';

/** The token that fills rows of a batch; its id is 0. */
export const PAD = '<pad>';
/** The token that stands for all that the vocabulary lacks; its id is 1. */
export const UNK = '<unk>';
export const PAD_ID = 0;
export const UNK_ID = 1;

export interface VocabularyOptions {
  /** Tokens that occur less often are left out. Default 1. */
  readonly minCount?: number;
  /** The most tokens to keep, `<pad>` and `<unk>` included; the most frequent stay. Default no limit. */
  readonly maxSize?: number;
  /**
   * The most distinct tokens to hold while counting, for corpora whose rare tokens would fill the memory. When there are
   * more, half of those held are forgotten, the rarest, again and again: see `TokenCounts` for what is sure then, and
   * {@link Vocabulary.undercount} for how far counts may be off. Default no limit: every count is exact.
   */
  readonly maxDistinct?: number;
}

/**
 * @throws MillraceError MILLRACE_USAGE for bounds that are no bounds
 */
export function assertBounds({ minCount = 1, maxSize = 2, maxDistinct = 2 }: VocabularyOptions): void {
  if (!(minCount >= 1)) throw badBound('minCount', 'a count of 1 or more', minCount);
  if (!(maxSize >= 2)) throw badBound('maxSize', `at least 2, for ${PAD} and ${UNK}`, maxSize);
  if (!(maxDistinct >= 2)) throw badBound('maxDistinct', 'at least 2 tokens', maxDistinct);
}

/**
 * Tokens and their ids: `<pad>` is 0, `<unk>` 1, then the most frequent first, equally frequent ones in the order of
 * their UTF-8 bytes. So the same tokens in any order give the same ids.
 */
export class Vocabulary {
  /** By id. */
  readonly tokens: readonly string[];
  /** How often each token occurred, by id; for `<unk>`, how often what was left out did. */
  readonly counts: readonly number[];
  /**
   * The most by which a count may be too low, and that a token which the count had no room for may have occurred: 0 where
   * `maxDistinct` was not reached. At most the number of tokens over `maxDistinct / 2 + 1`.
   */
  readonly undercount: number;
  #fingerprint: string | undefined;
  // Each made when first asked for: who looks up strings can do without the one, who looks up columns without the other.
  #byText: ReadonlyMap<string, number> | undefined;
  #byBytes: { readonly table: TokenTable; readonly ids: Int32Array | undefined } | undefined;

  /**
   * @param tokens by id, `<pad>` and `<unk>` first
   * @throws MillraceError MILLRACE_BAD_RECORD if they are not first, or a token comes twice
   */
  constructor(tokens: readonly string[], counts: readonly number[] = tokens.map(() => 0), undercount = 0) {
    this.tokens = tokens;
    this.counts = counts;
    this.undercount = undercount;
    if (tokens[PAD_ID] !== PAD || tokens[UNK_ID] !== UNK) {
      throw badVocabulary(`${PAD} and ${UNK} as its first tokens`, tokens.slice(0, 2).join(' '));
    }
    if (new Set(tokens).size !== tokens.length) throw badVocabulary('every token once', twice(tokens));
    if (counts.length !== tokens.length) throw badVocabulary('a count for each token', counts.length);
  }

  /**
   * Builds a vocabulary from a stream of tokenized sentences or pairs, in one pass. Give it the training split only:
   * what the other splits hold must stay unknown.
   *
   * @throws MillraceError MILLRACE_USAGE for bounds that are no bounds
   */
  static async build(source: AsyncIterable<Text>, options: VocabularyOptions = {}): Promise<Vocabulary> {
    assertBounds(options);
    const counts = new WordCounts(options.maxDistinct);
    const chunks = Pipeline.from<Text>(source).chunks(undefined, { consumes: true });
    for await (const chunk of chunks) counts.addChunk(chunk);
    return Vocabulary.fromCounts(counts.toMap(), options, counts);
  }

  /**
   * @param counted what the counts lack: of how many tokens the occurrences were forgotten, and how far counts may be too low
   * @throws MillraceError MILLRACE_USAGE for bounds that are no bounds
   */
  static fromCounts(
    counts: ReadonlyMap<string, number>,
    options: VocabularyOptions = {},
    { forgotten, undercount }: Pick<WordCounts, 'forgotten' | 'undercount'> = { forgotten: 0, undercount: 0 },
  ): Vocabulary {
    assertBounds(options);
    const { minCount = 1, maxSize = Number.POSITIVE_INFINITY } = options;
    const ordered = byCountThenBytes(counts).filter(([token]) => token !== PAD && token !== UNK);
    const kept = ordered.filter(([, count]) => count >= minCount).slice(0, maxSize - 2);
    const leftOut = ordered.slice(kept.length).reduce((sum, [, count]) => sum + count, forgotten);
    const tokens = [PAD, UNK, ...kept.map(([token]) => token)];
    return new Vocabulary(tokens, [0, leftOut, ...kept.map(([, count]) => count)], undercount);
  }

  /** @throws MillraceError MILLRACE_NOT_FOUND, MILLRACE_BAD_RECORD */
  static async load(path: string): Promise<Vocabulary> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (cause) {
      throw new MillraceError('MILLRACE_NOT_FOUND', 'The vocabulary cannot be read', {
        origin: { source: path },
        found: (cause as NodeJS.ErrnoException).code,
        hint: '`vocabulary:save=FILE` writes one.',
        cause,
      });
    }
    return Vocabulary.parse(text, path);
  }

  /** Reads what {@link Vocabulary.save} wrote. */
  static parse(text: string, source: string): Vocabulary {
    try {
      const { tokens, counts, undercount = 0 } = (JSON.parse(text) ?? {}) as Record<string, unknown>;
      if (!isListOf(tokens, isText)) throw badVocabulary('tokens as a list of texts', tokens);
      if (!isListOf(counts, isCount)) throw badVocabulary('counts as a list of whole numbers', counts);
      if (!isCount(undercount)) throw badVocabulary('undercount as a whole number', undercount);
      return new Vocabulary(tokens, counts, undercount);
    } catch (cause) {
      throw new MillraceError('MILLRACE_BAD_RECORD', 'The file is no vocabulary', {
        origin: { source },
        expected: '{"tokens": [...], "counts": [...]}, as `vocabulary:save=FILE` writes it',
        hint: (cause as Error).message,
        cause,
      });
    }
  }

  get size(): number {
    return this.tokens.length;
  }

  get #ids(): ReadonlyMap<string, number> {
    this.#byText ??= new Map(this.tokens.map((token, id) => [token, id]));
    return this.#byText;
  }

  /** A hash of the tokens in their order: vocabularies that share it give the same ids. */
  get fingerprint(): string {
    this.#fingerprint ??= fingerprint(this.tokens);
    return this.#fingerprint;
  }

  /** The id of `token`, that of `<unk>` if the vocabulary lacks it; also for a `<pad>` in the text, which is no padding. */
  id(token: string): number {
    return this.#ids.get(token) || UNK_ID;
  }

  /** The id of each token of a column, as {@link id} has it. */
  idsOfTokens(tokens: Utf8Column): Int32Array {
    this.#byBytes ??= tableOf(this.tokens);
    const { table, ids } = this.#byBytes;
    return toIds(table.findAll(tokens), ids);
  }

  /** The ids of the tokens of each row of a column. */
  idsOfLists(tokens: Utf8ListColumn): Int32ListColumn {
    const leaves = leavesOf(tokens);
    if (!leaves) return new Int32ListColumn(this.idsOfTokens(tokens.items), tokens.starts, tokens.ends);
    this.#byBytes ??= tableOf(this.tokens);
    const { table, ids } = this.#byBytes;
    const lists = table.findLeaves(leaves);
    toIds(lists.values, ids);
    return lists;
  }

  has(token: string): boolean {
    return this.#ids.has(token);
  }

  async save(path: string): Promise<void> {
    const { tokens, counts, undercount } = this;
    await writeFileAtomic(path, `${JSON.stringify({ tokens, counts, ...(undercount > 0 && { undercount }) })}\n`);
  }
}

function isListOf<T>(list: unknown, fits: (item: unknown) => item is T): list is T[] {
  return Array.isArray(list) && list.every(fits);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}

/**
 * The tokens by their bytes, and the ids of their numbers, unless these are the same. A token that UTF-8 cannot hold (half
 * of a surrogate pair) is that of no bytes.
 */
function tableOf(tokens: readonly string[]) {
  const table = new TokenTable();
  // Hardly any vocabulary has such a token: all are looked at in one text, in which halves must not meet.
  if (!HALF.test(tokens.join(' '))) {
    table.addAll(Utf8Column.from(tokens));
    return { table, ids: undefined };
  }
  const ids = tokens.flatMap((token, id) => (HALF.test(token) ? [] : id));
  table.addAll(Utf8Column.from(ids.map((id) => tokens[id])));
  return { table, ids: Int32Array.from(ids) };
}

const HALF = /\p{Surrogate}/u;

/**
 * Makes ids of numbers of the table, in their place: that of `<unk>` of none, and of a `<pad>` in the text, which is no
 * padding.
 */
function toIds(numbers: Int32Array, ids: Int32Array | undefined): Int32Array {
  for (let i = 0; i < numbers.length; i++) if ((numbers[i] as number) <= PAD_ID) numbers[i] = UNK_ID;
  if (ids) for (let i = 0; i < numbers.length; i++) numbers[i] = ids[numbers[i] as number] as number;
  return numbers;
}

function badVocabulary(expected: string, found: unknown): MillraceError {
  return new MillraceError('MILLRACE_BAD_RECORD', 'The vocabulary is wrong', { expected, found });
}

function badBound(name: string, expected: string, found: unknown): MillraceError {
  return new MillraceError('MILLRACE_USAGE', `The vocabulary's ${name} is wrong`, { expected, found });
}

function twice(tokens: readonly string[]): string | undefined {
  return tokens.find((token, id) => tokens.indexOf(token) !== id);
}
