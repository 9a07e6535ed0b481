import type { Pipeline } from '../../pipeline/index.ts';
import { lowercase, parse, readLines, type SentencePair, tokenize } from '../../stages/index.ts';

export interface TokensOptions {
  readonly archive: string;
  readonly entry: string;
  /** Rows to read; all if there is none. */
  readonly rows?: number;
}

/** An archive's pairs with their tokens in lower case: what a vocabulary is built from, and what gets ids. */
export function tokensOf({ archive, entry, rows }: TokensOptions): Pipeline<SentencePair> {
  const lines = readLines(`${archive}#${entry}`);
  return (rows === undefined ? lines : lines.take(rows)).pipe(
    parse('snli'),
    tokenize<SentencePair>('parse'),
    lowercase<SentencePair>(),
  );
}
