import { ArrayChunk, defineStage, type Stage } from '../pipeline/index.ts';
import type { Text } from './sentences.ts';
import { Vocabulary, type VocabularyOptions } from './vocabulary.ts';
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

/** Builds the vocabulary of the whole stream; emits its entries at the end, in the order of their ids. */
export function vocabulary({ save, ...options }: VocabularyStageOptions = {}): Stage<Text, VocabularyEntry> {
  return defineStage<Text, VocabularyEntry>({
    name: 'vocabulary',
    options: { ...options, ...(save !== undefined && { save }) },
    async *stream(source) {
      const counts = new WordCounts();
      for await (const chunk of source) counts.add(chunk);
      const built = Vocabulary.fromCounts(counts.toMap(), options);
      if (save !== undefined) await built.save(save);
      yield new ArrayChunk(built.tokens.map((token, id) => ({ id, token, count: built.counts[id] as number })));
    },
  });
}
