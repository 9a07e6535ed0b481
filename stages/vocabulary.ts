import { readFile } from 'node:fs/promises';
import { fingerprint, MillraceError, Pipeline, Utf8Column } from '../pipeline/index.ts';
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
  readonly #ids: ReadonlyMap<string, number>;
  #fingerprint: string | undefined;
  // Made when first asked for: who looks up strings only can do without.
  #byBytes: { readonly table: TokenTable; readonly ids: Int32Array } | undefined;

  /**
   * @param tokens by id, `<pad>` and `<unk>` first
   * @throws MillraceError MILLRACE_BAD_RECORD if they are not first, or a token comes twice
   */
  constructor(tokens: readonly string[], counts: readonly number[] = tokens.map(() => 0)) {
    this.tokens = tokens;
    this.counts = counts;
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
    if (tokens[PAD_ID] !== PAD || tokens[UNK_ID] !== UNK) {
      throw badVocabulary(`${PAD} and ${UNK} as its first tokens`, tokens.slice(0, 2).join(' '));
    }
    if (this.#ids.size !== tokens.length) throw badVocabulary('every token once', twice(tokens));
    if (counts.length !== tokens.length) throw badVocabulary('a count for each token', counts.length);
  }

  /**
   * Builds a vocabulary from a stream of tokenized sentences or pairs, in one pass. Give it the training split only:
   * what the other splits hold must stay unknown.
   */
  static async build(source: AsyncIterable<Text>, options: VocabularyOptions = {}): Promise<Vocabulary> {
    const counts = new WordCounts();
    for await (const chunk of Pipeline.from<Text>(source).chunks()) counts.add(chunk);
    return Vocabulary.fromCounts(counts.toMap(), options);
  }

  /** @throws MillraceError MILLRACE_USAGE for bounds that are no bounds */
  static fromCounts(
    counts: Map<string, number>,
    { minCount = 1, maxSize = Number.POSITIVE_INFINITY }: VocabularyOptions = {},
  ) {
    if (!(minCount >= 1)) throw badBound('minCount', 'a count of 1 or more', minCount);
    if (!(maxSize >= 2)) throw badBound('maxSize', `at least 2, for ${PAD} and ${UNK}`, maxSize);
    const ordered = byCountThenBytes(counts).filter(([token]) => token !== PAD && token !== UNK);
    const kept = ordered.filter(([, count]) => count >= minCount).slice(0, maxSize - 2);
    const leftOut = ordered.slice(kept.length).reduce((sum, [, count]) => sum + count, 0);
    return new Vocabulary([PAD, UNK, ...kept.map(([token]) => token)], [0, leftOut, ...kept.map(([, count]) => count)]);
  }

  /** @throws MillraceError MILLRACE_NOT_FOUND, MILLRACE_BAD_RECORD */
  static async load(path: string): Promise<Vocabulary> {
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (cause) {
      throw new MillraceError('MILLRACE_NOT_FOUND', 'The vocabulary cannot be read', {
        origin: { source: path },
        cause,
      });
    }
    return Vocabulary.parse(text, path);
  }

  /** Reads what {@link Vocabulary.save} wrote. */
  static parse(text: string, source: string): Vocabulary {
    try {
      const { tokens, counts } = (JSON.parse(text) ?? {}) as Record<string, unknown>;
      if (!isListOf(tokens, isText)) throw badVocabulary('tokens as a list of texts', tokens);
      if (!isListOf(counts, isCount)) throw badVocabulary('counts as a list of whole numbers', counts);
      return new Vocabulary(tokens, counts);
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

  /** A hash of the tokens in their order: vocabularies that share it give the same ids. */
  get fingerprint(): string {
    this.#fingerprint ??= fingerprint(this.tokens);
    return this.#fingerprint;
  }

  /** The id of `token`, that of `<unk>` if the vocabulary lacks it; also for a `<pad>` in the text, which is no padding. */
  id(token: string): number {
    return this.#ids.get(token) || UNK_ID;
  }

  /** The id of the token whose UTF-8 bytes are those of `bytes` from `start` to `end`; makes no string of them. */
  idOfBytes(bytes: Uint8Array, start: number, end: number): number {
    this.#byBytes ??= tableOf(this.tokens);
    const { table, ids } = this.#byBytes;
    const number = table.find(bytes, start, end);
    return number < 0 ? UNK_ID : (ids[number] as number) || UNK_ID;
  }

  /** The id of each token of a column, as {@link id} has it. */
  idsOfTokens(tokens: Utf8Column): Int32Array {
    this.#byBytes ??= tableOf(this.tokens);
    const { table, ids } = this.#byBytes;
    const values = table.findAll(tokens);
    for (let i = 0; i < values.length; i++) values[i] = ids[values[i] as number] || UNK_ID;
    return values;
  }

  has(token: string): boolean {
    return this.#ids.has(token);
  }

  async save(path: string): Promise<void> {
    await writeFileAtomic(path, `${JSON.stringify({ tokens: this.tokens, counts: this.counts })}\n`);
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

/** The tokens by their bytes. One that UTF-8 cannot hold (half of a surrogate pair) is that of no bytes. */
function tableOf(tokens: readonly string[]) {
  const table = new TokenTable();
  const encodable = tokens.flatMap((token, id) => (/\p{Surrogate}/u.test(token) ? [] : id));
  table.addAll(Utf8Column.from(encodable.map((id) => tokens[id])));
  // All are different, so that the table numbers them as they came.
  return { table, ids: Int32Array.from(encodable) };
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
