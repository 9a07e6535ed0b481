/**
 * What a corpus passes through on its way to a model, in that order: a source of bytes, lines, records, tokens, ids,
 * batches. Every stage is a function from an async iterable to a pipeline; see `defineStage` for making your own.
 */
export { arrowFile } from './arrow.ts';
export { type BatchOf, type BatchOptions, batch } from './batch.ts';
export { leaves, REDUCE, SHIFT, transitionsOf, unescapeToken } from './binary-parse.ts';
export { type BucketOptions, bucket } from './bucket.ts';
export { type CatalogEntry, catalog } from './catalog.ts';
export { compose } from './compose.ts';
export { count, type TokenCount } from './count.ts';
export { type DownloadEntry, isDownloadIntact, listDownloads, removeDownload } from './download/store.ts';
export { type DownloadProgress, defaultCacheDir } from './download.ts';
export type { ParseOptions } from './formats/format.ts';
export {
  type Coverage,
  type Embeddings,
  type GloveOptions,
  glove,
  loadGlove,
  type MissingPolicy,
  missingPolicies,
} from './glove.ts';
export type { Patience } from './http/patience.ts';
export { ids } from './ids.ts';
export { defaultLimits, type Limits } from './limits.ts';
export { invalidBytes, type LineOptions } from './line-table.ts';
export { lines, splitLines } from './lines.ts';
export { lowercase } from './lowercase.ts';
export { type Padding, paddingOf, padSequences } from './pad.ts';
export { pairFormats, parse } from './parse.ts';
export { type FormatFlags, readFormatFlags } from './parse-options.ts';
export { type FormatOptions, formatOf, read, readLines, readPairs, readRecords } from './read.ts';
export * from './records.ts';
export { requeue } from './requeue.ts';
export { isPair, sentencesOf, type Text } from './sentences.ts';
export { openSource, parseSourceSpec, type SourceOptions } from './source.ts';
export { SpellingIndex } from './spelling.ts';
export { type TokenizeOptions, type TokenizerName, tokenize, tokenizers } from './tokenize.ts';
export { type TransitionsOptions, transitions } from './transitions.ts';
export { readVectors, type WordVector } from './vectors.ts';
export { PAD, PAD_ID, UNK, UNK_ID, Vocabulary, type VocabularyOptions } from './vocabulary.ts';
export { type VocabularyEntry, vocabulary } from './vocabulary-entries.ts';
export { writeFileAtomic } from './write-file.ts';
