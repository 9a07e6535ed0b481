import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { BLOCK_BYTES } from '../../stages/bytes.ts';
import { fileAt, type RandomAccessSource, readAll } from '../../stages/random-access.ts';
import { listEntries, readEntry } from '../../stages/unzip.ts';
import { assertClosed, codeOf, collect, temporaryFolder } from './files.ts';

const origin = { source: 'test' };

async function save(t: ExecutionContext, bytes: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(t), 'test.bin');
  await writeFile(path, bytes);
  return path;
}

/** Bytes in memory, given a few at a time, with a count of how many readers have them open. */
function inMemory(bytes: Uint8Array, piece = 7): RandomAccessSource & { readers: number } {
  const source = {
    name: 'memory',
    readers: 0,
    async open() {
      source.readers++;
      return {
        size: bytes.length,
        async *read(start: number, end: number) {
          for (let at = start; at < end; at += piece) yield bytes.subarray(at, Math.min(end, at + piece));
        },
        async close() {
          source.readers--;
        },
      };
    },
  };
  return source;
}

test('any range of a file is that range, in blocks', async (t) => {
  const bytes = Buffer.alloc(BLOCK_BYTES + 1000, 'some bytes ');
  const path = await save(t, bytes);
  const access = await fileAt(path).open({});
  t.is(access.size, bytes.length);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length), fc.nat(bytes.length), async (one, other) => {
      const [start, end] = [Math.min(one, other), Math.max(one, other)];
      t.true(bytes.subarray(start, end).equals(await readAll(access, start, end, { origin })));
    }),
    { seed: 1, numRuns: 20 },
  );
  for await (const block of access.read(0, bytes.length, { origin })) t.true(block.length <= BLOCK_BYTES);
  await access.close();
  await assertClosed(t, path);
});

test('a range beyond the end, an abort, and a file that is not there', async (t) => {
  const path = await save(t, strToU8('short'));
  const access = await fileAt(path).open({});
  t.is(await codeOf(t, readAll(access, 2, 6, { origin })), 'MILLRACE_BAD_ARCHIVE');
  const reason = new Error('enough');
  t.is(await t.throwsAsync(readAll(access, 0, 5, { origin, signal: AbortSignal.abort(reason) })), reason);
  await access.close();
  await assertClosed(t, path);
  await rm(path);
  t.is(await codeOf(t, fileAt(path).open({})), 'MILLRACE_NOT_FOUND');
});

test('an archive may be in anything that gives its bytes from any place on', async (t) => {
  const source = inMemory(zipSync({ 'a.txt': strToU8('one'), 'b.txt': [strToU8('two'), { level: 0 }] }));
  const texts: string[] = [];
  for (const entry of await listEntries(source)) {
    texts.push((await collect(t, readEntry(source, entry))).toString());
    for await (const { origin } of readEntry(source, entry)) {
      t.deepEqual(origin, { source: 'memory', entry: entry.name });
      break;
    }
  }
  t.deepEqual(texts, ['one', 'two']);
  t.is(source.readers, 0);
});
