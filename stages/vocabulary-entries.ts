import { ArrayChunk, defineStage, type Stage } from '../pipeline/index.ts';
import type { Text } from './sentences.ts';
import { assertBounds, Vocabulary, type VocabularyOptions } from './vocabulary.ts';
import { WordCounts } from './word-counts.ts';

/** A token of a vocabulary. */
export interface VocabularyEntry {
  readonly id: number;
  readonly token: string;
  readonly count: number;
}

export interface VocabularyStageOptions extends VocabularyOptions {
  /** A file to save the vocabulary in, for `ids:vocabulary=FILE` and `Vocabulary.load`. */
  readonly save?: string;
}

/**
 * Builds the vocabulary of the whole stream; emits its entries at the end, in the order of their ids. How far counts may be
 * too low, with `maxDistinct`, is tallied as `undercount`.
 *
 * @throws MillraceError MILLRACE_USAGE for bounds that are no bounds
 */
export function vocabulary({ save, ...bounds }: VocabularyStageOptions = {}): Stage<Text, VocabularyEntry> {
  assertBounds(bounds);
  return defineStage<Text, VocabularyEntry>({
    name: 'vocabulary',
    options: { ...bounds, ...(save !== undefined && { save }) },
    consumes: true,
    async *stream(source, context) {
      const counts = new WordCounts(bounds.maxDistinct);
      for await (const chunk of source) counts.addChunk(chunk);
      const built = Vocabulary.fromCounts(counts.toMap(), bounds, counts);
      if (built.undercount > 0) context.tally('undercount', built.undercount);
      if (save !== undefined) await built.save(save);
      yield new ArrayChunk(built.tokens.map((token, id) => ({ id, token, count: built.counts[id] as number })));
    },
  });
}
