import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { strToU8, zipSync } from 'fflate';
import { MillraceError } from '../../../pipeline/errors.ts';
import { zipMethods } from '../../../stages/archives/zip-directory.ts';
import { openPath } from '../../../stages/open-path.ts';
import { listEntries, readEntry } from '../../../stages/unzip.ts';
import { assertClosed, collect, type EntryShape, temporaryFolder, zipOf } from '../files.ts';

const text = strToU8('a line of text\n'.repeat(20));

async function save(t: ExecutionContext, bytes: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(t), 'test.zip');
  await writeFile(path, bytes);
  return path;
}

async function messageOf(t: ExecutionContext, work: Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(work, { instanceOf: MillraceError });
  return `${error.code} ${error.message}`;
}

async function namesOf(t: ExecutionContext, entries: readonly EntryShape[]): Promise<string[]> {
  return (await listEntries(await save(t, zipOf(entries)))).map(({ name }) => name);
}

test('names are UTF-8 where they say so or are so, else code page 437', async (t) => {
  const UTF8 = 0x800;
  const names = await namesOf(t, [
    { name: Buffer.from('café/我.txt'), data: text, flags: UTF8 },
    { name: Buffer.from('Zoë.txt'), data: text },
    { name: Buffer.from([0x81, 0x62, 0x65, 0x72, 0x2e, 0xe1]), data: text },
    { name: Buffer.from([0xff, 0x2e, 0x74]), data: text, flags: UTF8 },
  ]);
  t.deepEqual(names, ['café/我.txt', 'Zoë.txt', 'über.ß', '\ufffd.t']);
  const every = Buffer.from(Array.from({ length: 128 }, (_, i) => 0x80 + i));
  const [decoded] = await namesOf(t, [{ name: every, data: text }]);
  t.is(new Set(decoded).size, 128);
  t.is(decoded!.length, 128);
});

test('methods that are not known here are called by their names', async (t) => {
  const methods = Object.keys(zipMethods).map(Number);
  const entries = [...methods, 77].map((method) => ({ name: `${method}`, data: text, method }));
  const path = await save(t, zipOf(entries));
  for (const entry of await listEntries(path)) {
    const message = await messageOf(t, collect(t, readEntry(path, entry)));
    t.regex(message, /^MILLRACE_BAD_ARCHIVE .*method 0 \(stored\) or 8 \(deflate\)/);
    t.true(message.includes(`method ${entry.method}${entry.method === 77 ? '"' : ` (${zipMethods[entry.method]})"`}`));
  }
  await assertClosed(t, path);
});

test('entries that share bytes are refused, all of them or a part', async (t) => {
  const data = Buffer.alloc(5000, 'payload');
  const long = { name: 'a', data, method: 0 };
  const quoted = [long, { name: 'b', data, method: 0, offset: 40 }];
  const same = [long, { name: 'b', data, method: 0, offset: 0 }];
  const beyond = [{ name: 'a', data, method: 0, offset: 60 }];
  for (const entries of [quoted, same, beyond]) {
    for (const zip64 of [false, true]) {
      const path = await save(
        t,
        zipOf(
          entries.map((entry) => ({ ...entry, zip64 })),
          { zip64 },
        ),
      );
      t.regex(await messageOf(t, listEntries(path)), /^MILLRACE_BAD_ARCHIVE .*share their bytes/);
      await assertClosed(t, path);
    }
  }
});

test('seventy thousand entries', async (t) => {
  const data = strToU8('x');
  const entries = Array.from({ length: 70_000 }, (_, i) => ({ name: `folder/${i}.txt`, data, method: 0 }));
  const path = await save(t, zipOf(entries, { zip64: true }));
  const listed = await listEntries(path);
  t.deepEqual(
    listed.map(({ name }) => name),
    entries.map(({ name }) => name),
  );
  t.is((await collect(t, openPath(path, 'folder/69999.txt', path, {}))).toString(), 'x');
});

test('a part of an archive in several files says so', async (t) => {
  const whole = zipOf([{ name: 'a', data: text }]);
  whole.writeUInt16LE(1, whole.length - 22 + 4);
  t.regex(await messageOf(t, listEntries(await save(t, whole))), /^MILLRACE_BAD_ARCHIVE .*several files/);
});

test('a name that leads out of the archive is refused where it is meant, and nowhere else', async (t) => {
  for (const name of ['../a.txt', '/etc/a.txt', 'b/../../a.txt', 'c:/a.txt', '..\\a.txt', '\\a.txt', 'a\0.txt']) {
    const path = await save(
      t,
      zipOf([
        { name, data: text },
        { name: 'a.txt', data: text },
      ]),
    );
    t.regex(
      await messageOf(t, collect(t, openPath(path, name, 'test', {}))),
      /^MILLRACE_BAD_ARCHIVE test: An entry's name is refused/,
      name,
    );
    t.deepEqual(await collect(t, openPath(path, 'a.txt', 'test', {})), Buffer.from(text), name);
  }
  // No pattern means the only one.
  const path = await save(t, zipOf([{ name: '../a.txt', data: text }]));
  t.regex(await messageOf(t, collect(t, openPath(path, undefined, 'test', {}))), /leads upwards/);
  const harmless = await save(t, zipOf([{ name: 'a\\..b..\\c.txt', data: text }]));
  t.is((await collect(t, openPath(harmless, undefined, 'test', {}))).length, text.length);
});

test('an entry that is packed itself is refused', async (t) => {
  const inner: Record<string, Uint8Array> = { 'a.gz': gzipSync(text), 'b.zip': zipSync({ a: text }) };
  for (const [name, bytes] of Object.entries(inner)) {
    const path = await save(t, zipSync({ [name]: bytes }));
    t.regex(
      await messageOf(t, collect(t, openPath(path, undefined, 'test', {}))),
      /^MILLRACE_BAD_ARCHIVE test#[ab]\.(gz: .*gunzip|zip: .*unzip)/,
    );
    await assertClosed(t, path);
  }
});
