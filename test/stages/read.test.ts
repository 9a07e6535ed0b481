import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { MillraceError, toPlain } from '../../pipeline/index.ts';
import { formatOf, read, readLines, readPairs } from '../../stages/read.ts';
import { snliText } from './arbitraries.ts';
import { assertClosed, temporaryFolder, zipOf } from './files.ts';

async function archive(t: ExecutionContext): Promise<string> {
  const path = join(await temporaryFolder(t), 'corpus.zip');
  const rows = Array.from({ length: 5000 }, (_, row) => snliText({ pairID: `p${row}` })).join('\n');
  await writeFile(
    path,
    zipOf([
      { name: 'dev.jsonl', data: Buffer.from(rows) },
      { name: 'notes.txt', data: Buffer.from('a\nb') },
    ]),
  );
  return path;
}

test('blocks, lines and pairs of an entry, each with its place', async (t) => {
  const path = await archive(t);
  const blocks = await read(`${path}#notes.txt`).toArray();
  t.is(Buffer.concat(blocks.map(({ bytes }) => bytes)).toString(), 'a\nb');
  t.deepEqual((await readLines(`${path}#notes.txt`).toArray()).map(toPlain), [
    { text: 'a', origin: { source: path, entry: 'notes.txt', line: 1 } },
    { text: 'b', origin: { source: path, entry: 'notes.txt', line: 2 } },
  ]);
  const pairs = await readPairs(`${path}#dev.jsonl`).toArray();
  t.is(pairs.length, 5000);
  t.deepEqual(toPlain(pairs[4321]?.origin), { source: path, entry: 'dev.jsonl', line: 4322 });
  t.is(pairs[4321]?.id, 'p4321');
  await assertClosed(t, path);
});

test('a pipeline is read anew each time, and opens nothing before', async (t) => {
  const path = join(await temporaryFolder(t), 'later.txt');
  const lines = readLines(path);
  await writeFile(path, 'one');
  t.deepEqual(
    (await lines.toArray()).map(({ text }) => text),
    ['one'],
  );
  await writeFile(path, 'two\nthree\n');
  t.deepEqual(
    (await lines.toArray()).map(({ text }) => text),
    ['two', 'three'],
  );
});

test('the format is snli, or what was asked for, or what the corpus is known for', async (t) => {
  const path = join(await temporaryFolder(t), 'pairs.jsonl');
  await writeFile(path, '{"premise":"a","hypothesis":"b"}');
  t.is((await readPairs(path, { format: 'jsonl' }).toArray())[0]?.hypothesis.text, 'b');
  const error = await t.throwsAsync(readPairs(path).toArray(), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_BAD_RECORD');
  t.deepEqual(toPlain(error.origin), { source: path, line: 1 });
  t.is(formatOf('snli:dev'), 'snli');
  t.is(formatOf(path), undefined);
  t.throws(() => readPairs(path, { format: 'xml' }), { message: /snli, snli-tsv, jsonl, sick, / });
});

test('stopping early and aborting close the file', async (t) => {
  const path = await archive(t);
  for await (const pair of readPairs(`${path}#dev.jsonl`)) {
    t.is(pair.id, 'p0');
    break;
  }
  await assertClosed(t, path);
  const controller = new AbortController();
  const reason = new Error('enough');
  const aborted = readPairs(`${path}#dev.jsonl`).tap((_, index) => {
    if (index === 1500) controller.abort(reason);
  });
  t.is(await t.throwsAsync(aborted.toArray(controller.signal)), reason);
  await assertClosed(t, path);
});

test('an empty file has neither lines nor pairs', async (t) => {
  const path = join(await temporaryFolder(t), 'empty');
  await writeFile(path, '');
  t.deepEqual(await readLines(path).toArray(), []);
  t.deepEqual(await readPairs(path).toArray(), []);
});
