import { type Chunk, ColumnChunk, Utf8ListColumn } from '../pipeline/index.ts';
import { missingField } from './missing-field.ts';
import { sentencesOf, type Text } from './sentences.ts';
import { TokenTable } from './token-table.ts';

/** Counts how often each token occurs. */
export class WordCounts {
  readonly #counts = new Map<string, number>();
  // Tokens of tables are counted by their bytes: a string of each would cost more than all else that is done to it.
  readonly #table = new TokenTable();
  readonly #tableCounts: number[] = [];

  /**
   * Counts the tokens of a chunk.
   *
   * @throws MillraceError MILLRACE_SHAPE for a sentence without tokens
   */
  add(chunk: Chunk<Text>): void {
    if (chunk instanceof ColumnChunk) {
      const columns = ['tokens', 'premise.tokens', 'hypothesis.tokens'].map((name) => chunk.columns[name]);
      const tokens = columns.filter((column) => column instanceof Utf8ListColumn);
      if (tokens.length > 0) {
        for (const column of tokens) this.#addColumn(column);
        return;
      }
    }
    for (const record of chunk) {
      for (const { tokens } of sentencesOf(record)) {
        if (!tokens) throw missingField('tokens', record.origin, 'Put tokenize before it.');
        for (const token of tokens) this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
      }
    }
  }

  /** The counts so far; the map is the caller's. */
  toMap(): Map<string, number> {
    const all = new Map(this.#counts);
    this.#tableCounts.forEach((count, number) => {
      // Tables that were filtered have tokens that are none of their rows'.
      if (count === 0) return;
      const token = this.#table.token(number);
      all.set(token, (all.get(token) ?? 0) + count);
    });
    return all;
  }

  #addColumn({ starts, ends, items }: Utf8ListColumn): void {
    const numbers = this.#table.addAll(items);
    while (this.#tableCounts.length < this.#table.size) this.#tableCounts.push(0);
    const counts = this.#tableCounts;
    for (let row = 0; row < starts.length; row++) {
      for (let item = starts[row] as number; item < (ends[row] as number); item++) {
        const number = numbers[item] as number;
        counts[number] = (counts[number] as number) + 1;
      }
    }
  }
}

/** Most frequent first; equally frequent ones in the order of their UTF-8 bytes, which no locale changes. */
export function byCountThenBytes(counts: ReadonlyMap<string, number>): [token: string, count: number][] {
  return [...counts].sort(([tokenA, a], [tokenB, b]) => b - a || compareBytes(tokenA, tokenB));
}

function compareBytes(a: string, b: string): number {
  // UTF-8 cannot tell halves of surrogate pairs apart: their code units do, so that no order is left to chance.
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) || (a < b ? -1 : 1);
}
