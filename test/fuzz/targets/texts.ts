/** What stands in lines: the lines themselves, word vectors, vocabularies, parses, and sentences to be cut. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import {
  batch,
  glove,
  ids,
  loadGlove,
  lowercase,
  read,
  readPairs,
  splitLines,
  type TokenizerName,
  tokenize,
  tokenizers,
  transitions,
  Vocabulary,
} from '../../../stages/index.ts';
import { realData } from '../../real-files.ts';
import { type FuzzTarget, readAll } from '../target.ts';
import { file, linesOf, snliLines, snliRows } from './samples.ts';

const vectors = fileURLToPath(new URL('../../../fixtures/glove.mini.50d.zip', import.meta.url));

async function vectorFiles(): Promise<Buffer[]> {
  const shortened = (line: string) => line.split(' ').slice(0, 9).join(' ');
  const specs = [vectors, ...(realData.glove ? [`${realData.glove}#glove.6B.100d.txt`] : [])];
  return Promise.all(specs.map(async (spec, i) => file((await linesOf(spec, 30)).map(i === 0 ? shortened : String))));
}

/** Some words that the files of vectors have, some that they lack, and one that is spelt like another. */
const vocabulary = Vocabulary.fromCounts(
  new Map(
    ['the', 'of', 'and', 'a', 'dog', 'dogs', 'teh', 'zyzzyva', '\ud83d\ude00', ',', '.'].map((word, i) => [
      word,
      i + 1,
    ]),
  ),
);

/** A file of SNLI in which every line of the input is both sentences of a pair, or both parses. */
function pairsAround(lines: readonly string[], field: 'text' | 'parse'): Buffer {
  const row = (line: string, i: number) => ({
    ...{ gold_label: 'neutral', pairID: `${i}` },
    ...(field === 'text' ? { sentence1: line, sentence2: line } : { sentence1: 'A dog .', sentence2: 'A dog .' }),
    ...(field === 'parse' && { sentence1_binary_parse: line, sentence2_binary_parse: line }),
  });
  return file(lines.map((line, i) => JSON.stringify(row(line, i))));
}

const linesIn = (bytes: Buffer) => bytes.toString().replace(/\n$/, '').split('\n');

export const texts: Readonly<Record<string, FuzzTarget>> = {
  lines: {
    async start() {
      return {
        seeds: (await snliLines(4)).map((lines) => file(lines)),
        async read(path) {
          await readAll(() => read(path).pipe(splitLines({ invalid: 'replace' })));
          await readAll(() => read(path).pipe(splitLines({ invalid: 'reject', lineBytes: 5000 })));
        },
      };
    },
  },
  glove: {
    async start() {
      return {
        seeds: await vectorFiles(),
        async read(path) {
          await readAll(() => read(path).pipe(glove()));
          await loadGlove(() => read(path), vocabulary, { missing: 'nearest' });
        },
      };
    },
  },
  vocabulary: {
    async start(folder) {
      const pairs = join(folder, 'pairs.jsonl');
      await writeFile(pairs, (await snliLines(4)).map((lines) => file(lines))[0]!);
      const saved = join(folder, 'vocabulary.json');
      await (await Vocabulary.build(readPairs(pairs).pipe(tokenize('parse')))).save(saved);
      return {
        seeds: [file(await linesOf(saved, 1))],
        async read(path) {
          const loaded = await Vocabulary.load(path);
          await readAll(() => readPairs(pairs).pipe(tokenize('parse')).pipe(ids(loaded)).pipe(batch(2)));
        },
      };
    },
  },
  parses: {
    async start(folder) {
      const around = join(folder, 'pairs.jsonl');
      const rows = await snliRows(6);
      return {
        seeds: [file(rows.map((row) => String(row.sentence1_binary_parse)))],
        async read(_, bytes) {
          await writeFile(around, pairsAround(linesIn(bytes), 'parse'));
          const parsed = () => readPairs(around).pipe(transitions()).pipe(tokenize('parse'));
          await readAll(() => parsed().pipe(lowercase()).pipe(ids(vocabulary)).pipe(batch(3)));
          await readAll(() => readPairs(around).pipe(tokenize('parse', { unescape: true })));
          await readAll(parsed);
        },
      };
    },
  },
  tokenizers: {
    async start(folder) {
      const around = join(folder, 'pairs.jsonl');
      const rows = await snliRows(6);
      const methods = (Object.keys(tokenizers) as TokenizerName[]).filter((method) => method !== 'parse');
      return {
        seeds: [file(rows.map((row) => String(row.sentence1)))],
        async read(_, bytes) {
          await writeFile(around, pairsAround(linesIn(bytes), 'text'));
          // One for each input, since most of the time goes into long ones.
          const method = methods[crc32(bytes) % methods.length]!;
          await readAll(() => readPairs(around).pipe(tokenize(method)).pipe(lowercase()));
        },
      };
    },
  },
};
