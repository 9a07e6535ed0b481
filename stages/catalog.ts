/**
 * The stages by name, for whoever names them in text, such as `tokenize:parse,unescape=true`: what each works on, its
 * options and an example. `millrace pipe --help` prints this.
 */
import { join } from 'node:path';
import type { Pipeline } from '../pipeline/index.ts';
import { batch } from './batch.ts';
import { bucket } from './bucket.ts';
import { count } from './count.ts';
import type { ParseOptions } from './formats/format.ts';
import { glove } from './glove.ts';
import { ids, idsBuiltFrom } from './ids.ts';
import { invalidBytes, type LineOptions } from './line-table.ts';
import { splitLines } from './lines.ts';
import { lowercase } from './lowercase.ts';
import { choice, flag, integer, integers, type Options, type OptionValues, share, text } from './options.ts';
import { parse } from './parse.ts';
import { formatOptions } from './parse-options.ts';
import { type Block, LABELS, type Line, type SentencePair } from './records.ts';
import { requeue } from './requeue.ts';
import type { Text } from './sentences.ts';
import { type TokenizerName, tokenize, tokenizers } from './tokenize.ts';
import { transitions } from './transitions.ts';
import { assertBounds, Vocabulary, type VocabularyOptions } from './vocabulary.ts';
import { vocabulary } from './vocabulary-entries.ts';

/** What flows at some point of a pipeline: bytes, lines of text, or records made from them. */
export type Flow = 'blocks' | 'lines' | 'records';

/** What a stage is added in. */
export interface Surroundings {
  /** For stages that draw at random. */
  readonly seed: number;
  /** Where what can be made again is kept. */
  readonly cacheDir: string;
}

export interface CatalogEntry<O extends Options = Options> {
  readonly summary: string;
  readonly example: string;
  readonly takes: Flow;
  readonly gives: Flow;
  /** The option that a value without a name is for. */
  readonly main?: keyof O & string;
  readonly options: O;
  /** Adds the stage to a pipeline. */
  add(pipeline: Pipeline<unknown>, options: OptionValues<O>, surroundings: Surroundings): Pipeline<unknown>;
}

/** Makes TypeScript infer an entry's options. */
function entry<O extends Options>(definition: CatalogEntry<O>): CatalogEntry {
  return definition as unknown as CatalogEntry;
}

const vocabularyBounds = {
  'min-count': integer('leave out tokens that occur less often', 1),
  'max-size': integer('keep the most frequent tokens only, <pad> and <unk> included'),
  'max-distinct': integer(
    'hold so many distinct tokens while counting; with more of them, rare ones are counted roughly',
  ),
};

function boundsOf(values: OptionValues<typeof vocabularyBounds>): VocabularyOptions {
  const { 'min-count': minCount, 'max-size': maxSize, 'max-distinct': maxDistinct } = values;
  const bounds = {
    minCount,
    ...(maxSize !== undefined && { maxSize }),
    ...(maxDistinct !== undefined && { maxDistinct }),
  };
  assertBounds(bounds);
  return bounds;
}

export const catalog: Readonly<Record<string, CatalogEntry>> = {
  lines: entry({
    summary: 'bytes to lines of text; put in by itself where it is needed',
    example: 'pipe notes.txt lines',
    takes: 'blocks',
    gives: 'lines',
    options: {
      invalid: choice('what becomes of bytes that are no UTF-8', invalidBytes, 'replace'),
      'line-bytes': integer('the longest line, in bytes; a longer one is a bad record (default 536870912)'),
    },
    add: (pipeline, { invalid, 'line-bytes': lineBytes }) => {
      const given = { ...(invalid === 'reject' && { invalid }), ...(lineBytes !== undefined && { lineBytes }) };
      return (pipeline as Pipeline<Block>).pipe(splitLines(given as LineOptions));
    },
  }),
  requeue: entry({
    summary: 'the rows of a quarantine file to the lines that were rejected, with the origins that they had',
    example: 'pipe bad.jsonl requeue parse:snli',
    takes: 'lines',
    gives: 'lines',
    options: {},
    add: (pipeline) => (pipeline as Pipeline<Line>).pipe(requeue),
  }),
  parse: entry({
    summary: 'lines to sentence pairs',
    example: 'pipe corpus.zip#snli_1.0/snli_1.0_dev.jsonl parse:snli',
    takes: 'lines',
    gives: 'records',
    main: 'format',
    options: formatOptions,
    add: (pipeline, { format, ...options }) =>
      (pipeline as Pipeline<Line>).pipe(parse(format, options as ParseOptions)),
  }),
  tokenize: entry({
    summary: 'adds the tokens of each sentence',
    example: 'pipe snli:dev tokenize:parse,unescape=true',
    takes: 'records',
    gives: 'records',
    main: 'method',
    options: {
      method: choice('how to find tokens', tokenizers, 'auto'),
      pattern: text('for regex: what a token looks like (default \\S+)'),
      unescape: flag('for parse: undo escapes such as -LRB-'),
    },
    add: (pipeline, { method, pattern, unescape: undo }) =>
      (pipeline as Pipeline<Text>).pipe(
        tokenize(method as TokenizerName, {
          ...(pattern !== undefined && { pattern }),
          ...(undo && { unescape: true }),
        }),
      ),
  }),
  lowercase: entry({
    summary: 'lower-cases the tokens, or the text of sentences without tokens',
    example: 'pipe notes.txt tokenize:word lowercase',
    takes: 'records',
    gives: 'records',
    options: {},
    add: (pipeline) => (pipeline as Pipeline<Text>).pipe(lowercase()),
  }),
  transitions: entry({
    summary: 'adds the shift (0) and reduce (1) moves of the binary parse',
    example: 'pipe snli:dev tokenize:parse transitions',
    takes: 'records',
    gives: 'records',
    options: {},
    add: (pipeline) => (pipeline as Pipeline<Text>).pipe(transitions()),
  }),
  count: entry({
    summary: 'counts the tokens of the whole stream, the most frequent first',
    example: 'pipe notes.txt tokenize:word lowercase count --limit 20',
    takes: 'records',
    gives: 'records',
    options: {},
    add: (pipeline) => (pipeline as Pipeline<Text>).pipe(count),
  }),
  vocabulary: entry({
    summary: 'builds a vocabulary from the whole stream and gives its entries',
    example: 'pipe snli:train tokenize:parse lowercase vocabulary:min-count=2,save=vocab.json',
    takes: 'records',
    gives: 'records',
    main: 'save',
    options: { save: text('a file to save it in, for ids'), ...vocabularyBounds },
    add: (pipeline, { save, ...bounds }) =>
      (pipeline as Pipeline<Text>).pipe(vocabulary({ ...boundsOf(bounds), ...(save !== undefined && { save }) })),
  }),
  ids: entry({
    summary: 'adds the vocabulary ids of the tokens',
    example: 'pipe snli:dev tokenize:parse lowercase ids:vocab.json',
    takes: 'records',
    gives: 'records',
    main: 'vocabulary',
    options: {
      vocabulary: text('a saved vocabulary; without one it is built from this very stream, in a pass of its own'),
      ...vocabularyBounds,
    },
    add: (pipeline, { vocabulary: path, ...values }) => {
      const records = pipeline as Pipeline<Text>;
      const bounds = boundsOf(values);
      return records.pipe(path === undefined ? idsBuiltFrom(records, bounds) : ids(() => Vocabulary.load(path)));
    },
  }),
  glove: entry({
    summary: 'the rows of a file of word vectors',
    example: 'pipe glove.6B.zip#glove.6B.100d.txt glove:vocab.json',
    takes: 'blocks',
    gives: 'records',
    main: 'vocabulary',
    options: { vocabulary: text('a saved vocabulary: only the rows of its words') },
    add: (pipeline, { vocabulary: path }) =>
      (pipeline as Pipeline<Block>).pipe(glove(path === undefined ? undefined : () => Vocabulary.load(path))),
  }),
  batch: entry({
    summary: 'padded batches, in order',
    example: 'pipe snli:dev tokenize:parse lowercase ids:vocab.json batch:32',
    takes: 'records',
    gives: 'records',
    main: 'size',
    options: { size: integer('records to a batch', 32), width: integer('columns of every batch; longer rows are cut') },
    add: (pipeline, { size, width }) =>
      (pipeline as Pipeline<Text>).pipe(batch(size, width === undefined ? {} : { width })),
  }),
  bucket: entry({
    summary: 'padded batches of sentences of like length',
    example: 'pipe snli:dev tokenize:parse lowercase ids:vocab.json bucket:8-16-32,size=64',
    takes: 'records',
    gives: 'records',
    main: 'boundaries',
    options: {
      boundaries: integers('the lengths at which buckets end, such as 8-16-32 (default: found from the first records)'),
      padding: share('for boundaries that are found: how much of the batches may be padding', 0.1),
      size: integer('records to a batch (default 32)'),
      tokens: integer('instead of size: the most cells of a batch, padding included'),
    },
    add: (pipeline, { boundaries, padding, size, tokens }) =>
      (pipeline as Pipeline<Text>).pipe(
        bucket({
          padding,
          ...(size !== undefined && { size }),
          ...(tokens !== undefined && { tokens }),
          ...(boundaries !== undefined && { boundaries }),
        }),
      ),
  }),
  cache: entry({
    summary: 'keeps the records in a file, from which they are read the next time instead of being made again',
    example: 'pipe snli:train tokenize:parse lowercase cache shuffle:10000 --limit 100',
    takes: 'records',
    gives: 'records',
    main: 'folder',
    options: { folder: text('where the file goes (default: pipelines in --cache-dir)') },
    add: (pipeline, { folder }, { cacheDir }) => pipeline.cache(folder ?? join(cacheDir, 'pipelines')),
  }),
  shuffle: entry({
    summary: 'a windowed shuffle',
    example: 'pipe snli:train shuffle:10000 --seed 7 --limit 100',
    takes: 'records',
    gives: 'records',
    main: 'buffer',
    options: { buffer: integer('records held back', 1000), seed: integer('default --seed') },
    add: (pipeline, { buffer, seed }, surroundings) => pipeline.shuffle(buffer, seed ?? surroundings.seed),
  }),
  'shuffle-all': entry({
    summary: 'all records in random order, by way of temporary files; nothing comes out before all has come in',
    example: 'pipe snli:train shuffle-all --seed 7 --limit 100',
    takes: 'records',
    gives: 'records',
    main: 'seed',
    options: { seed: integer('default --seed') },
    add: (pipeline, { seed }, surroundings) => pipeline.shuffleAll(seed ?? surroundings.seed),
  }),
  balance: entry({
    summary: 'as many pairs of each label as of every other, one of each in turn',
    example: 'pipe snli:train balance --limit 300',
    takes: 'records',
    gives: 'records',
    options: {},
    add: (pipeline) => (pipeline as Pipeline<SentencePair>).balance(({ label }) => label, LABELS),
  }),
  split: entry({
    summary: 'the pairs whose id hashes into a part of 0 to 1: a split that stays when data is added',
    example: 'pipe snli:train split:from=0.9',
    takes: 'records',
    gives: 'records',
    options: { from: share('where the part begins', 0), to: share('where it ends', 1) },
    add: (pipeline, { from, to }) => (pipeline as Pipeline<SentencePair>).split(({ id }) => id, [from, to]),
  }),
  select: entry({
    summary: 'the records with some fields only',
    example: 'pipe snli:dev tokenize:parse select:id+label+premise.tokens',
    takes: 'records',
    gives: 'records',
    main: 'fields',
    options: { fields: text('names apart by +, such as id+label+premise.tokens') },
    add: (pipeline, { fields = '' }) => pipeline.select(fields.split('+').filter((field) => field !== '')),
  }),
  take: entry({
    summary: 'the first records',
    example: 'pipe snli:train take:1000 tokenize:parse count',
    takes: 'records',
    gives: 'records',
    main: 'count',
    options: { count: integer('how many', 10) },
    add: (pipeline, { count: first }) => pipeline.take(first),
  }),
  skip: entry({
    summary: 'all but the first records',
    example: 'pipe snli:train skip:1000',
    takes: 'records',
    gives: 'records',
    main: 'count',
    options: { count: integer('how many', 10) },
    add: (pipeline, { count: first }) => pipeline.skip(first),
  }),
  shard: entry({
    summary: "one worker's part: every so-many-th record",
    example: 'pipe snli:train shard:index=0,of=4',
    takes: 'records',
    gives: 'records',
    main: 'index',
    options: { index: integer('which part, from 0', 0), of: integer('how many parts there are', 1) },
    add: (pipeline, { index, of }) => pipeline.shard(index, of),
  }),
};
