import { type Chunk, ColumnChunk, Utf8ListColumn } from '../pipeline/index.ts';
import { missingField } from './missing-field.ts';
import { sentencesOf, type Text } from './sentences.ts';

/** How often each token occurs. */
export type WordCounts = Map<string, number>;

/** Adds the tokens of a chunk to `counts`; from columns without making rows. */
export function addTokens(counts: WordCounts, chunk: Chunk<Text>): void {
  if (chunk instanceof ColumnChunk) {
    const columns = ['tokens', 'premise.tokens', 'hypothesis.tokens'].map((name) => chunk.columns[name]);
    const tokens = columns.filter((column) => column instanceof Utf8ListColumn);
    if (tokens.length > 0) {
      for (const column of tokens) addColumn(counts, column);
      return;
    }
  }
  for (const record of chunk) {
    for (const { tokens } of sentencesOf(record)) {
      if (!tokens) throw missingField('tokens', record.origin, 'Put tokenize before it.');
      for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
    }
  }
}

function addColumn(counts: WordCounts, { starts, ends, items }: Utf8ListColumn): void {
  for (let row = 0; row < starts.length; row++) {
    for (let item = starts[row] as number; item < (ends[row] as number); item++) {
      const token = items.get(item) as string;
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
  }
}

/** Most frequent first; equally frequent ones in the order of their UTF-8 bytes, which no locale changes. */
export function byCountThenBytes(counts: WordCounts): [token: string, count: number][] {
  return [...counts].sort(([tokenA, a], [tokenB, b]) => b - a || compareBytes(tokenA, tokenB));
}

function compareBytes(a: string, b: string): number {
  // UTF-8 cannot tell halves of surrogate pairs apart: their code units do, so that no order is left to chance.
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) || (a < b ? -1 : 1);
}
