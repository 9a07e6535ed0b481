import { ArrayChunk, defineStage } from '../pipeline/index.ts';
import type { Text } from './sentences.ts';
import { addTokens, byCountThenBytes } from './word-counts.ts';

/** A token and how often it occurs. */
export interface TokenCount {
  readonly token: string;
  readonly count: number;
}

/**
 * Counts the tokens of the whole stream; emits them at its end, the most frequent first, equally frequent ones in the
 * order of their bytes.
 */
export const count = defineStage<Text, TokenCount>({
  name: 'count',
  async *stream(source) {
    const counts = new Map<string, number>();
    for await (const chunk of source) addTokens(counts, chunk);
    if (counts.size > 0) yield new ArrayChunk(byCountThenBytes(counts).map(([token, n]) => ({ token, count: n })));
  },
});
