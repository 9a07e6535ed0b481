import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { ArrayChunk, type Pipeline, toPlain } from '../../pipeline/index.ts';
import { BLOCK_BYTES } from '../../stages/bytes.ts';
import { ids } from '../../stages/ids.ts';
import {
  type Block,
  batch,
  bucket,
  type Line,
  lowercase,
  readVectors,
  type SentencePair,
  splitLines,
  type TokenizerName,
  tokenize,
  transitions,
  Vocabulary,
} from '../../stages/index.ts';
import { parse } from '../../stages/parse.ts';
import { read, readLines } from '../../stages/read.ts';
import { laws, type Sample } from '../../testing/index.ts';
import { lendingSource } from '../../testing/lending-source.ts';
import { testOnReal } from '../real-data.ts';
import { quotedScraps, runs, snliFile } from './arbitraries.ts';
import { temporaryFolder, zipOf } from './files.ts';
import { cut } from './forms.ts';

// The memory of blocks is taken back as soon as the next one is asked for, where nobody who keeps records is in between.

/** Of blocks that most lines are within: one that goes over their edges is put together in memory of its own. */
const blockSizes = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 5 });

const vocabulary = new Vocabulary(['<pad>', '<unk>', 'a', 'dog', 'sleeps', '.', 'café']);

async function holds(subject: (source: Pipeline<Block>) => Pipeline<unknown>, file: string, sizes: number[]) {
  const sample: Sample<Block> = { records: cut(file, sizes), ahead: Number.POSITIVE_INFINITY };
  await laws.letsGoOfMemory(subject, sample);
}

const toPairs = (source: Pipeline<Block>, format = 'snli') =>
  source
    .pipe(splitLines())
    .pipe((lines) => parse(format, format === 'csv' ? COLUMNS : {})(lines as AsyncIterable<Line>));

const COLUMNS = { header: false, premise: 1, hypothesis: 2, id: 3, score: 4 } as const;

test('batches of any file are the same, however they are made', async (t) => {
  const chain = fc.record({
    method: fc.constantFrom<TokenizerName>('parse', 'treebank', 'auto', 'regex'),
    withTransitions: fc.boolean(),
    inBuckets: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(snliFile, blockSizes, chain, async (file, sizes, { method, withTransitions, inBuckets }) => {
      const subject = (source: Pipeline<Block>) => {
        const tokens = toPairs(source).pipe(tokenize<SentencePair>(method), lowercase());
        const made = (withTransitions && method === 'parse' ? tokens.pipe(transitions()) : tokens).pipe(
          ids<SentencePair>(vocabulary),
        );
        return made.pipe(inBuckets ? bucket({ size: 2 }) : batch(2)) as Pipeline<unknown>;
      };
      await holds(subject, file, sizes);
    }),
    runs(40),
  );
  t.pass();
});

test('rows whose quotes go over many blocks are the same', async (t) => {
  const rows = fc.array(fc.tuple(quotedScraps, quotedScraps), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(rows, blockSizes, async (cells, sizes) => {
      const file = cells.map(([a, b], n) => `"x${a.replaceAll('"', '""')}",${b},${n},1.5`).join('\n');
      const subject = (source: Pipeline<Block>) =>
        toPairs(source, 'csv')
          .pipe(tokenize<SentencePair>('treebank'), ids<SentencePair>(vocabulary))
          .pipe(batch<SentencePair>(2)) as Pipeline<unknown>;
      await holds(subject, file, sizes);
    }),
    runs(40),
  );
  t.pass();
});

test('a vocabulary counts the same tokens', async (t) => {
  await fc.assert(
    fc.asyncProperty(snliFile, blockSizes, async (file, sizes) => {
      const counted = async (source: Pipeline<Block>) => {
        const tokens = toPairs(source).onError('skip').pipe(tokenize<SentencePair>('auto'), lowercase());
        const { tokens: words, counts } = await Vocabulary.build(tokens);
        return { words, counts };
      };
      // A function in between may keep what it is given, so nothing is lent.
      const kept = lendingSource([...chunked(cut(file, sizes))]).tap(() => {});
      t.deepEqual(await counted(lendingSource([...chunked(cut(file, sizes))])), await counted(kept));
    }),
    runs(40),
  );
});

test('vectors are the same', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer(), { minLength: 1, maxLength: 20 }), blockSizes, async (values, sizes) => {
      const file = values.map((value, n) => `w${n} ${value} 0.${n}`).join('\n');
      const found: unknown[] = [];
      for await (const { word, vector } of readVectors(lendingSource([...chunked(cut(file, sizes))]))) {
        found.push([word, [...vector]]);
      }
      t.deepEqual(
        found,
        values.map((value, n) => [`w${n}`, [Math.fround(value), Math.fround(Number(`0.${n}`))]]),
      );
    }),
    runs(40),
  );
});

function* chunked(blocks: readonly Block[]) {
  for (const block of blocks) yield new ArrayChunk([block]);
}

test('whoever has done with each chunk gives its block back; whoever has not keeps it', async (t) => {
  const folder = await temporaryFolder(t);
  const text = Buffer.alloc(3.5 * BLOCK_BYTES, 'a line of some text\n');
  const file = (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const sources = [
    file('text', text),
    file('text.gz', gzipSync(text)),
    file('text.zip', zipOf([{ name: 'text', data: text }])),
  ];
  for (const source of sources) {
    for (const consumes of [true, false]) {
      const blocks: Block[] = [];
      let length = 0;
      for await (const chunk of read(source).chunks(undefined, { consumes })) {
        length += chunk.get(0).bytes.length;
        blocks.push(chunk.get(0));
      }
      t.is(length, text.length);
      const left = blocks.reduce((sum, { bytes }) => sum + bytes.length, 0);
      t.is(left, consumes ? text.length - 3 * BLOCK_BYTES : text.length, source);
    }
  }
});

testOnReal(
  'snli',
  'real batches are the same from blocks that are taken back and from blocks that are kept',
  async (t, path) => {
    const spec = `${path}#snli_1.0/snli_1.0_dev.jsonl`;
    const batches = (lines: Pipeline<Line>) =>
      lines
        .pipe(parse('snli'), tokenize<SentencePair>('parse'), lowercase(), transitions())
        .pipe(ids<SentencePair>(vocabulary), bucket<SentencePair>({ size: 32 }));
    const lent = (await batches(readLines(spec)).toArray()).map(toPlain);
    // A function in between may keep what it is given, so nothing is lent.
    t.deepEqual(lent, (await batches(readLines(spec).tap(() => {})).toArray()).map(toPlain));
    t.true(lent.length > 300);
  },
);
