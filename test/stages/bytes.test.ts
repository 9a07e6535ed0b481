import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { BLOCK_BYTES, readFile, toBlocks } from '../../stages/bytes.ts';
import { assertClosed, codeOf, collect, temporaryFolder } from './files.ts';

const origin = { source: 'test' };

test('a file comes in blocks that keep their bytes', async (t) => {
  const folder = await temporaryFolder(t);
  for (const size of [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, 2 * BLOCK_BYTES + 17]) {
    const path = join(folder, String(size));
    const bytes = randomBytes(size);
    await writeFile(path, bytes);
    t.true(bytes.equals(await collect(t, toBlocks(readFile(path), origin))));
  }
  await assertClosed(t, folder);
});

test('an empty file is one empty block, the last', async (t) => {
  const path = join(await temporaryFolder(t), 'empty');
  await writeFile(path, '');
  const blocks = [];
  for await (const block of toBlocks(readFile(path), origin)) blocks.push(block);
  t.deepEqual(blocks, [{ bytes: new Uint8Array(0), origin, last: true }]);
});

test('a reader who stops early closes the file', async (t) => {
  const path = join(await temporaryFolder(t), 'long');
  await writeFile(path, Buffer.alloc(3 * BLOCK_BYTES));
  for await (const chunk of readFile(path)) {
    t.is(chunk.length, BLOCK_BYTES);
    break;
  }
  await assertClosed(t, path);
});

test('abort ends the reading with its reason and closes the file', async (t) => {
  const path = join(await temporaryFolder(t), 'long');
  await writeFile(path, Buffer.alloc(3 * BLOCK_BYTES));
  const controller = new AbortController();
  const chunks = readFile(path, { signal: controller.signal });
  await chunks.next();
  const reason = new Error('enough');
  controller.abort(reason);
  t.is(await t.throwsAsync(chunks.next()), reason);
  await assertClosed(t, path);
  t.is(await t.throwsAsync(readFile(path, { signal: AbortSignal.abort(reason) }).next()), reason);
});

test('abort interrupts a read from a named pipe that nobody writes to', async (t) => {
  if (process.platform === 'win32') return t.pass();
  const path = join(await temporaryFolder(t), 'pipe');
  await promisify(execFile)('mkfifo', [path]);
  const controller = new AbortController();
  const pending = readFile(path, { signal: controller.signal }).next();
  setImmediate(() => controller.abort(new Error('enough')));
  await t.throwsAsync(pending, { message: 'enough' });
  // The open call itself still waits for a writer: give it one.
  await writeFile(path, '').catch(() => {});
});

test('a file that is not there, or is a folder', async (t) => {
  const folder = await temporaryFolder(t);
  t.is(await codeOf(t, readFile(join(folder, 'none')).next()), 'MILLRACE_NOT_FOUND');
  t.is(await codeOf(t, readFile(folder).next()), 'MILLRACE_NOT_FOUND');
});
