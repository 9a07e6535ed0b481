import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { MillraceError, type Pipeline, type Report, toPlain } from '../../pipeline/index.ts';
import { idsBuiltFrom } from '../../stages/ids.ts';
import { compose, glove, ids, read, readPairs, tokenize, Vocabulary } from '../../stages/index.ts';
import { KnownProbe } from '../pipeline/cache/folders.ts';
import { testOnReal } from '../real-data.ts';
import { snliText } from './arbitraries.ts';
import { assertClosed, temporaryFolder } from './files.ts';

async function plain(pipeline: Pipeline<unknown>): Promise<unknown[]> {
  return (await pipeline.toArray()).map(toPlain);
}

function names({ stages }: Report): string[] {
  return stages.map(({ name }) => name);
}

const rows = [
  snliText(),
  snliText({ gold_label: '-' }),
  snliText({
    sentence1: 'Il dort dans un café.',
    sentence1_binary_parse: '( ( Il dort ) ( dans ( ( un café ) . ) ) )',
  }),
  snliText({ annotator_labels: undefined, captionID: null, pairID: null }),
  snliText({ gold_label: '-' }),
];
const ALL = ['parse', 'tokenize:parse', 'lowercase', 'transitions', 'ids'];

test('text stages: the same from the cache, to the last field, and what was dropped is told', async (t) => {
  const folder = await temporaryFolder(t);
  const source = join(folder, 'pairs.jsonl');
  await writeFile(source, rows.join('\n'));
  for (let stages = ALL; stages.length > 0; stages = stages.slice(0, -1)) {
    const wanted = await plain(compose(source, stages));
    const cached = compose(source, [...stages, `cache:${join(folder, 'caches')}`]);
    t.deepEqual(await plain(cached), wanted);
    t.true(names(cached.report()).includes('parse'));
    t.deepEqual(await plain(cached), wanted);
    t.deepEqual(names(cached.report()), ['cache']);
    t.deepEqual(cached.report().stages[0]?.dropped, { 'no gold label': 2 });
  }
  t.is((await readdir(join(folder, 'caches'))).length, ALL.length);
  await assertClosed(t, folder);
});

test('what stages on worker threads drop is told too', async (t) => {
  const folder = await temporaryFolder(t);
  const source = join(folder, 'pairs.jsonl');
  await writeFile(source, rows.join('\n'));
  const pairs = readPairs(source).pipe(tokenize('parse'));
  const wanted = await plain(pairs);
  const cached = pairs.parallel(1).cache(join(folder, 'caches'));
  for (let pass = 0; pass < 2; pass++) t.deepEqual(await plain(cached), wanted);
  t.like(cached.report().stages, { 0: { name: 'cache', dropped: { 'no gold label': 2 } }, length: 1 });
  // On how many threads they were made shows nowhere in records.
  const alone = pairs.cache(join(folder, 'caches'));
  await alone.toArray();
  t.deepEqual(names(alone.report()), ['cache']);
});

test('a source that has changed is read anew', async (t) => {
  const folder = await temporaryFolder(t);
  const source = join(folder, 'notes.txt');
  await writeFile(source, 'one\ntwo\n');
  const cached = compose(source, [`cache:${join(folder, 'caches')}`]);
  const texts = async () => (await cached.toArray()).map((line) => (line as { text: string }).text);
  for (let pass = 0; pass < 2; pass++) t.deepEqual(await texts(), ['one', 'two']);
  await appendFile(source, 'three');
  for (let pass = 0; pass < 2; pass++) t.deepEqual(await texts(), ['one', 'two', 'three']);
});

test('blocks can be cached too, and standard input cannot', async (t) => {
  const folder = await temporaryFolder(t);
  const source = join(folder, 'notes.txt');
  await writeFile(source, 'one\ntwo\n');
  const blocks = read(source).cache(folder);
  const [first] = await blocks.toArray();
  t.deepEqual((await blocks.toArray())[0], first);
  t.deepEqual(names(blocks.report()), ['cache']);
  const error = await t.throwsAsync(read('-').cache(folder).toArray(), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_USAGE');
});

test('ids are known by their vocabulary, not by where it is', async (t) => {
  const folder = await temporaryFolder(t);
  const source = join(folder, 'notes.txt');
  await writeFile(source, 'a rose is a rose');
  const saved = join(folder, 'vocab.json');
  const of = (...words: string[]) => new Vocabulary(['<pad>', '<unk>', ...words]);
  const tokens = () => compose(source, ['tokenize:word']) as Pipeline<{ text: string }>;
  const caches = join(folder, 'caches');
  const idsBy = async (vocabulary: Parameters<typeof ids>[0]) => {
    const cached = tokens().pipe(ids(vocabulary)).cache(caches);
    const [row] = (await cached.toArray()) as { ids?: ArrayLike<number> }[];
    return { ids: Array.from(row?.ids ?? []), fresh: names(cached.report()).length > 1 };
  };
  const load = () => Vocabulary.load(saved);
  t.deepEqual(await idsBy(of('a', 'rose')), { ids: [2, 3, 1, 2, 3], fresh: true });
  t.deepEqual(await idsBy(of('a', 'rose')), { ids: [2, 3, 1, 2, 3], fresh: false });
  t.deepEqual(await idsBy(of('rose', 'a')), { ids: [3, 2, 1, 3, 2], fresh: true });
  await of('a').save(saved);
  t.deepEqual(await idsBy(load), { ids: [2, 1, 1, 2, 1], fresh: true });
  t.deepEqual(await idsBy(load), { ids: [2, 1, 1, 2, 1], fresh: false });
  await of('is').save(saved);
  t.deepEqual(await idsBy(load), { ids: [1, 1, 2, 1, 1], fresh: true });
});

test('vectors are known by the vocabulary that they are for', async (t) => {
  const folder = await temporaryFolder(t);
  const source = join(folder, 'vectors.txt');
  await writeFile(source, 'a 1 2\nrose 3 4\n');
  const wordsOf = async (vocabulary?: () => Promise<Vocabulary>) =>
    (await read(source).pipe(glove(vocabulary)).cache(join(folder, 'caches')).toArray()).map(({ word }) => word);
  for (let pass = 0; pass < 2; pass++) {
    t.deepEqual(await wordsOf(), ['a', 'rose']);
    for (const word of ['a', 'rose']) {
      t.deepEqual(await wordsOf(async () => new Vocabulary(['<pad>', '<unk>', word])), [word]);
    }
  }
});

test('a vocabulary that a stream makes for itself is not made again for what is cached', async (t) => {
  const folder = await temporaryFolder(t);
  const caches = join(folder, 'caches');
  const probe = new KnownProbe<{ text: string; tokens: string[] }>([]);
  const opensFor = async (minCount: number) => {
    const before = probe.opens;
    await probe.pipeline.pipe(idsBuiltFrom(probe.pipeline, { minCount })).cache(caches).toArray();
    return probe.opens - before;
  };
  t.is(await opensFor(1), 2, 'one pass for the vocabulary, one for the records');
  t.is(await opensFor(1), 0);
  t.is(await opensFor(2), 2);
});

testOnReal('snli', 'the real dev split comes back from the cache to the last field', async (t, path) => {
  const folder = await temporaryFolder(t);
  const pairs = readPairs(`${path}#snli_1.0/snli_1.0_dev.jsonl`).take(3000).pipe(tokenize('parse'));
  const wanted = (await pairs.toArray()).map((pair) => JSON.stringify(pair));
  const cached = pairs.cache(folder);
  for (let pass = 0; pass < 2; pass++) {
    const records = (await cached.toArray()).map((pair) => JSON.stringify(pair));
    t.is(records.length, 3000);
    t.true(records.every((record, i) => record === wanted[i]));
  }
  t.deepEqual(names(cached.report()), ['cache']);
});
