import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type Chunk, defineStage, type Json, MillraceError, Pipeline, type Source } from '../../pipeline/index.ts';
import {
  type Block,
  batch,
  bucket,
  catalog,
  ids,
  lowercase,
  parse,
  type SentencePair,
  splitLines,
  tokenize,
  transitions,
  Vocabulary,
} from '../../stages/index.ts';
import { readOptions } from '../../stages/options.ts';
import { checkStage, type Sample, type Subject } from '../../testing/index.ts';
import { tableOf, type Word, words } from '../pipeline/probes.ts';
import { snliText } from '../stages/arbitraries.ts';
import { temporaryFolder } from '../stages/files.ts';
import { cut, line, origin } from '../stages/forms.ts';

// Every stage of the catalog and every operator keeps the laws that users can hold their own stages to.

const ALL = Number.POSITIVE_INFINITY;

type AnySubject = Subject<unknown, unknown>;
type AnySample = Sample<unknown>;

const labels = ['entailment', 'neutral', 'contradiction', '-', 'perhaps'];
const texts = ['( A dog )', '( ( A dog ) sleeps )', '( A ( ( big dog ) sleeps ) )'];

/** Rows of a corpus: some without a label, some blank, some broken. */
const rows = Array.from({ length: 14 }, (_, n) => {
  if (n === 4) return '';
  if (n === 7) return '{"gold_label":';
  const parse = texts[n % texts.length] as string;
  return snliText({ pairID: `${n}`, gold_label: labels[n % labels.length], sentence1_binary_parse: parse });
});
const lineRecords = rows.map((text, n) => line(text, n + 1));
const pairs = await Pipeline.from(lineRecords).pipe(parse('snli')).onError('skip').toArray();
const vocabulary = new Vocabulary(['<pad>', '<unk>', 'a', 'dog', 'sleeps']);
const finished = await Pipeline.from(pairs)
  .pipe(tokenize<SentencePair>('parse'), lowercase(), ids(vocabulary))
  .toArray();
const quarantined = lineRecords.map(({ text, origin: from }, n) =>
  line(n % 5 === 3 ? text : JSON.stringify({ error: { origin: from }, raw: { text, origin: from } }), n + 1),
);
const blocks = cut('a dog\r\nsleeps\n\nin \xe9t\xe9\nand\nmore', [3, 1, 7]);
const vectors = cut('a 1 2\ndog 3 4\nsleeps 5 6\nin 7 8\n', [5, 2, 9]);

/** Options as they are typed, and what to try the stage with, where that is not the pairs. */
const stages: Readonly<Record<string, Partial<AnySample> & { readonly options?: string }>> = {
  lines: { records: blocks, options: 'invalid=reject,line-bytes=7' },
  requeue: { records: quarantined },
  parse: { records: lineRecords },
  tokenize: {},
  lowercase: {},
  transitions: {},
  count: { records: finished, ahead: ALL },
  vocabulary: { records: finished, ahead: ALL },
  // It reads the stream for the vocabulary first.
  ids: { records: finished, ahead: ALL },
  glove: { records: vectors },
  batch: { records: finished, options: '3', ahead: 2 },
  bucket: { records: finished, options: '3,size=2', ahead: 4 },
  cache: { ahead: ALL },
  shuffle: { options: '4', ahead: 4 },
  'shuffle-all': { ahead: ALL },
  balance: { ahead: ALL },
  split: { options: 'from=0.5' },
  select: { options: 'id+premise.text' },
  take: { options: '5' },
  skip: { options: '3' },
  shard: { options: 'index=1,of=3' },
};

test('every stage of the catalog is tried', (t) => {
  t.deepEqual(Object.keys(stages), Object.keys(catalog));
});

for (const [name, { options = '', ...sample }] of Object.entries(stages)) {
  test(`the stage ${name} keeps the laws`, async (t) => {
    const folder = await temporaryFolder(t);
    const { add, options: known, main } = catalog[name]!;
    const subject: AnySubject = (source) =>
      add(identified(source), readOptions(name, options, known, main) as never, { seed: 7, cacheDir: folder });
    await t.notThrowsAsync(checkStage(subject, { records: pairs, ...sample }));
  });
}

let sources = 0;

/** The same source as one that can be cached, of which each is another. */
function identified(pipeline: Pipeline<unknown>): Pipeline<unknown> {
  const number = sources++;
  const source: Source<unknown> = {
    name: 'identified',
    identify: async (): Promise<Json> => number,
    open: (context) => pipeline.source.open(context),
  };
  return Pipeline.fromSource(source);
}

/** Multiples of five are bad records. */
const picky = defineStage<Word, Word>({
  name: 'picky',
  record(word) {
    if (word.id % 5 > 0) return word;
    throw new MillraceError('MILLRACE_BAD_RECORD', 'It is divided', { origin: { source: 'words', line: word.id } });
  },
});

const kinds = ['noun', 'verb'];
const more = () => Pipeline.from(words(3, 1000));

/** One or more ways to use each operator, by the name of its file. */
const operators: Readonly<Record<string, readonly [Subject<Word, unknown>, ahead?: number][]>> = {
  balance: [[(words) => words.balance(({ lemma }) => lemma.kind, kinds, 5), ALL]],
  // Part of what they give needs nothing of the source at all: how far they read, their own tests tell.
  concat: [
    [(words) => words.concat(more()), ALL],
    [(words) => more().concat(words, more()), ALL],
  ],
  filter: [[(words) => words.filter(({ id }) => id % 3 > 0)], [(words) => words.filter(async ({ id }) => id % 3 > 0)]],
  interleave: [
    [(words) => words.interleave(more()), ALL],
    [
      (words) =>
        Pipeline.mix([
          [words, 2],
          [more(), 1],
        ]),
      ALL,
    ],
  ],
  map: [[(words) => words.map(({ id }, index) => id - index)], [(words) => words.map(async ({ id }) => id)]],
  prefetch: [[(words) => words.prefetch(2), 2]],
  rechunk: [[(words) => words.rechunk(3), 2]],
  select: [[(words) => words.select(['id', 'text', 'lemma'])], [(words) => words.select(['corpus'])]],
  shard: [[(words) => words.shard(1, 3)]],
  shuffle: [[(words) => words.shuffle(4, 1), 4]],
  'shuffle-all': [[(words) => words.shuffleAll(1), ALL]],
  // What shuffle is made of.
  'shuffle-window': [[(words) => words.shuffle(1, 1), 1]],
  skip: [[(words) => words.skip(3)]],
  split: [[(words) => words.split(({ id }) => `${id}`, [0.2, 0.7])]],
  take: [[(words) => words.take(5)], [(words) => words.take(0)]],
  tap: [[(words) => words.tap(() => {})], [(words) => words.tap(async () => {})]],
};

test('every operator is tried', async (t) => {
  const files = await readdir(join(import.meta.dirname, '../../pipeline/operators'));
  t.deepEqual(Object.keys(operators).sort(), files.map((file) => file.replace(/\.ts$/, '')).sort());
});

const sample: Sample<Word> = { records: words(13), table: (list) => tableOf(list) };

for (const [name, ways] of Object.entries(operators)) {
  test(`the operator ${name} keeps the laws, with bad records before it and without`, async (t) => {
    for (const [subject, ahead = 0] of ways) {
      await t.notThrowsAsync(checkStage(subject, { ...sample, ahead }));
      // Bad records behind the last that is taken are told of if they came along with it.
      if (name === 'take') continue;
      await t.notThrowsAsync(checkStage((source) => subject(picky(source)), { ...sample, ahead: ahead + 1 }));
    }
  });
}

test('chains keep the laws', async (t) => {
  const chains: [Subject<never, unknown>, Sample<unknown>][] = [
    [
      (source) =>
        Pipeline.from<Block>(source)
          .pipe(splitLines({ invalid: 'reject' }))
          .pipe(parse('snli'), tokenize<SentencePair>('parse'))
          .pipe(transitions(), ids(vocabulary), batch<SentencePair>(2)),
      { records: cut(rows.join('\n'), [700, 90, 1500]), ahead: ALL },
    ],
    [
      (source) =>
        Pipeline.from<SentencePair>(source)
          .shuffle(3, 1)
          .pipe(bucket({ size: 2, boundaries: [3] }))
          .prefetch(1),
      { records: finished, ahead: ALL },
    ],
  ];
  for (const [subject, tried] of chains) await t.notThrowsAsync(checkStage(subject, tried as unknown as Sample<never>));
  t.is(origin.source, 'corpus.zip');
});

test('a table may be tried too', async (t) => {
  const seen = new Set<string>();
  const look = defineStage<Word, Word>({
    name: 'look',
    record: (word) => word,
    columns: (chunk: Chunk<Word>) => {
      seen.add(chunk.constructor.name);
      return chunk;
    },
  });
  await checkStage(look, sample);
  t.deepEqual([...seen], ['ColumnChunk']);
});
