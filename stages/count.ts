import { ArrayChunk, defineStage } from '../pipeline/index.ts';
import type { Text } from './sentences.ts';
import { byCountThenBytes, WordCounts } from './word-counts.ts';

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
  consumes: true,
  async *stream(source) {
    const counts = new WordCounts();
    for await (const chunk of source) counts.addChunk(chunk);
    const ordered = byCountThenBytes(counts.toMap());
    if (ordered.length > 0) yield new ArrayChunk(ordered.map(([token, n]) => ({ token, count: n })));
  },
});
