import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { packTar } from 'modern-tar';
import { type Pipeline, type PipelineState, toPlain } from '../../pipeline/index.ts';
import {
  batch,
  bucket,
  count,
  ids,
  lowercase,
  parse,
  read,
  readLines,
  type SentencePair,
  tokenize,
  transitions,
  Vocabulary,
} from '../../stages/index.ts';
import { temporaryFolder } from './files.ts';

// The law of pipeline/state.test.ts for the text stages: stopped after any record and resumed, once and twice.

const WORDS = ['a', 'dog', 'runs', 'in', 'the', 'park', 'sleeps', 'Café'];

function sentence(n: number): { text: string; parse: string } {
  const words = Array.from({ length: 1 + (n % 5) }, (_, i) => WORDS[(n * 7 + i * 3) % WORDS.length] as string);
  const tree = words.reduceRight((rest, word) => (rest === '' ? word : `( ${word} ${rest} )`), '');
  return { text: words.join(' '), parse: tree };
}

/** SNLI rows; some without a label, some with escapes. */
function corpus(rows: number): string {
  const row = (n: number) => {
    const [premise, hypothesis] = [sentence(n), sentence(n + 3)];
    return JSON.stringify({
      gold_label: ['entailment', 'neutral', 'contradiction', '-'][n % 4],
      pairID: n % 5 === 0 ? `say "${n}"` : `${n}`,
      sentence1: premise.text,
      sentence1_binary_parse: premise.parse,
      sentence2: hypothesis.text,
      sentence2_binary_parse: hypothesis.parse,
    });
  };
  return Array.from({ length: rows }, (_, n) => row(n)).join('\r\n');
}

async function stopAfter(
  pipeline: Pipeline<unknown>,
  count: number,
): Promise<{ given: unknown[]; state: PipelineState }> {
  const given: unknown[] = [];
  const records = pipeline[Symbol.asyncIterator]();
  while (given.length < count) given.push(toPlain((await records.next()).value));
  const state = pipeline.state();
  await records.return?.();
  return { given, state: JSON.parse(JSON.stringify(state)) };
}

const all = async (pipeline: Pipeline<unknown>) => (await pipeline.toArray()).map(toPlain);

const vocabulary = new Vocabulary(['<pad>', '<unk>', ...WORDS.slice(0, 6)]);
const pairs = (path: string) => readLines(path).pipe(parse('snli'));
const withIds = (path: string) => pairs(path).pipe(tokenize<SentencePair>('parse'), lowercase(), ids(vocabulary));

const chains: Record<string, (path: string) => Pipeline<unknown>> = {
  lines: (path) => readLines(path),
  parse: pairs,
  'tokens, moves and ids': (path) => withIds(path).pipe(transitions()),
  'ids of a vocabulary made on the way': (path) =>
    pairs(path).pipe(
      tokenize<SentencePair>('parse'),
      ids(async () => vocabulary),
    ),
  count: (path) => pairs(path).pipe(tokenize<SentencePair>('parse'), count),
  batch: (path) => withIds(path).pipe(batch<SentencePair>(4)),
  'batch of transitions': (path) => withIds(path).pipe(transitions(), batch<SentencePair>(4)),
  'batch, in other chunks': (path) => withIds(path).rechunk(3).pipe(batch<SentencePair>(4)),
  'bucket with boundaries given': (path) =>
    withIds(path)
      .rechunk(5)
      .pipe(bucket<SentencePair>({ size: 3, boundaries: [2, 4] })),
  'bucket with boundaries found': (path) =>
    withIds(path)
      .rechunk(5)
      .pipe(bucket<SentencePair>({ size: 3 })),
  'shuffled buckets, prefetched': (path) =>
    withIds(path)
      .shuffle(9, 5)
      .pipe(bucket<SentencePair>({ size: 3, boundaries: [2, 4] }))
      .prefetch(2),
};

for (const [name, make] of Object.entries(chains)) {
  test(`${name}: stopped after every record and resumed, once and twice`, async (t) => {
    const folder = await temporaryFolder(t);
    const path = join(folder, 'corpus.jsonl.gz');
    await writeFile(path, gzipSync(corpus(40)));
    const whole = await all(make(path));
    t.true(whole.length > 3);
    for (let first = 1; first <= whole.length; first++) {
      const once = await stopAfter(make(path), first);
      t.deepEqual(once.given, whole.slice(0, first));
      t.deepEqual(await all(make(path).resume(once.state)), whole.slice(first), `after ${first}`);
      const more = Math.min(3, whole.length - first);
      if (more === 0) continue;
      const twice = await stopAfter(make(path).resume(once.state), more);
      t.deepEqual(await all(make(path).resume(twice.state)), whole.slice(first + more), `after ${first} and ${more}`);
    }
  });
}

test('several files, lines across many blocks, and no line end at the end', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'long.txt');
  // Longer than a block of the file reader, and cut by its edges.
  const text = Array.from({ length: 60 }, (_, n) => `${n}: ${'é'.repeat(40_000 + n * 311)}`).join('\n');
  await writeFile(path, text);
  const short = (line: { text: string; origin: { line?: number } }) =>
    `${line.origin.line} ${line.text.slice(0, 5)} ${line.text.length}`;
  const make = () => readLines(path).concat(readLines(path).skip(57)).map(short);
  const whole = await make().toArray();
  t.is(whole.length, 63);
  for (const first of [1, 2, 13, 26, 27, 59, 60, 61, 62, 63]) {
    const { state } = await stopAfter(make(), first);
    t.deepEqual(await make().resume(state).toArray(), whole.slice(first), `after ${first}`);
  }
  t.true(JSON.stringify((await stopAfter(make(), 30)).state).length < 500, 'a state holds places, not text');
});

test('blocks are resumed at the byte', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'bytes.bin');
  await writeFile(path, Buffer.alloc(3_000_000, 'abc'));
  const whole = await read(path).toArray();
  const { state } = await stopAfter(read(path), 1);
  const rest = await read(path).resume(state).toArray();
  const bytes = (blocks: { bytes: Uint8Array }[]) => Buffer.concat(blocks.map((block) => block.bytes));
  t.true(bytes(rest).equals(bytes(whole.slice(1))));
  t.true(rest.at(-1)?.last);
});

test('the entries of a tar are resumed in their order, and in the middle', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'corpus.tar.gz');
  const entries = ['a.txt', 'empty.txt', 'b.md', 'c.txt'].map((name) => {
    const body = name === 'empty.txt' ? '' : Array.from({ length: 9 }, (_, n) => `${name} ${n}`).join('\n');
    return { header: { name, size: body.length }, body };
  });
  await writeFile(path, gzipSync(await packTar(entries)));
  const make = () => readLines(`${path}#*.txt`).map(({ text, origin }) => `${origin.entry} ${origin.line}: ${text}`);
  const whole = await make().toArray();
  t.is(whole.length, 18);
  for (let first = 1; first <= whole.length; first++) {
    const { state } = await stopAfter(make(), first);
    t.deepEqual(await make().resume(state).toArray(), whole.slice(first), `after ${first}`);
  }
});

test('a state of another pipeline, or of a file that has changed since, is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'corpus.jsonl');
  await writeFile(path, corpus(3000));
  const { state } = await stopAfter(pairs(path), 2000);
  t.throws(() => withIds(path).resume(state), { code: 'MILLRACE_STATE' });
  t.throws(() => pairs(join(folder, 'other.jsonl')).resume(state), { code: 'MILLRACE_STATE' });
  t.throws(() => pairs(path).resume({ ...state, version: 1 as 2 }), { code: 'MILLRACE_STATE' });
  // What a stage keeps of its own has as many shapes as there are stages: nothing of it is taken as it stands.
  for (const changed of [{ skip: state.skip + 1 }, { stages: state.stages.slice(1) }, { check: '' }]) {
    t.throws(() => pairs(path).resume({ ...state, ...changed }), { code: 'MILLRACE_STATE' });
  }
  t.throws(() => pairs(path).resume({} as PipelineState), { code: 'MILLRACE_STATE' });
  t.is((await pairs(path).resume(state).toArray()).length, 2250 - 2000);
  await writeFile(path, corpus(3001));
  t.throws(() => pairs(path).resume(state), { code: 'MILLRACE_STATE', message: /has changed/ });
});
