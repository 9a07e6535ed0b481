import { type Chunk, ColumnChunk, type Utf8Column, Utf8ListColumn } from '../pipeline/index.ts';
import { missingField } from './missing-field.ts';
import { sentencesOf, type Text } from './sentences.ts';
import { TokenCounts } from './token-counts.ts';

/** Counts how often each token of the sentences occurs. */
export class WordCounts extends TokenCounts {
  /**
   * Counts the tokens of a chunk.
   *
   * @throws MillraceError MILLRACE_SHAPE for a sentence without tokens
   */
  addChunk(chunk: Chunk<Text>): void {
    const tokens = tokenColumns(chunk);
    // Tokens of tables are counted by their bytes: a string of each would cost more than all else that is done to it.
    if (tokens.length > 0) {
      this.#addColumns(tokens, chunk.length);
      return;
    }
    for (const record of chunk) {
      for (const { tokens } of sentencesOf(record)) {
        if (!tokens) throw missingField('tokens', record.origin, 'Put tokenize before it.');
        for (const token of tokens) this.add(token);
      }
    }
  }

  #addColumns(columns: readonly Utf8ListColumn[], rows: number): void {
    const items = columns.reduce((sum, column) => sum + column.items.length, 0);
    if (this.hasRoomFor(items)) {
      for (const column of columns) this.#addItems(column);
      return;
    }
    // Row by row, as records come: which tokens a bound leaves out must not hang on how they travel.
    for (let row = 0; row < rows; row++) {
      for (const { starts, ends, items } of columns) {
        const { data, starts: from, ends: to } = items;
        const end = ends[row] as number;
        for (let item = starts[row] as number; item < end; item++) {
          this.addBytes(data, from[item] as number, to[item] as number);
        }
      }
    }
  }

  /** Each item once, with how often the rows have it: rows share items, and tables that were filtered have items of none. */
  #addItems({ starts, ends, items }: Utf8ListColumn): void {
    const times = new Int32Array(items.length);
    for (let row = 0; row < starts.length; row++) {
      const end = ends[row] as number;
      for (let item = starts[row] as number; item < end; item++) times[item] = (times[item] as number) + 1;
    }
    if (!times.includes(0)) this.addAll(items, times);
    else {
      const used = Int32Array.from(times.keys()).filter((item) => times[item] !== 0);
      this.addAll(
        items.take(used) as Utf8Column,
        used.map((item) => times[item] as number),
      );
    }
  }
}

function tokenColumns(chunk: Chunk<Text>): Utf8ListColumn[] {
  if (!(chunk instanceof ColumnChunk)) return [];
  const columns = ['tokens', 'premise.tokens', 'hypothesis.tokens'].map((name) => chunk.columns[name]);
  return columns.filter((column) => column instanceof Utf8ListColumn);
}

/** Most frequent first; equally frequent ones in the order of their UTF-8 bytes, which no locale changes. */
export function byCountThenBytes(counts: ReadonlyMap<string, number>): [token: string, count: number][] {
  return [...counts].sort(([tokenA, a], [tokenB, b]) => b - a || compareBytes(tokenA, tokenB));
}

/** By UTF-8 bytes, which are made only where code units are in another order: from the first surrogate on. */
function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === length) return a.length - b.length;
  const difference = a.charCodeAt(at) - b.charCodeAt(at);
  if (Math.min(a.charCodeAt(at), b.charCodeAt(at)) < FIRST_SURROGATE) return difference;
  // UTF-8 cannot tell halves of surrogate pairs apart: their code units do, so that no order is left to chance.
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) || difference;
}

const FIRST_SURROGATE = 0xd800;
