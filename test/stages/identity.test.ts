import { appendFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { fingerprint, MillraceError } from '../../pipeline/index.ts';
import { identifySource } from '../../stages/identity.ts';
import { assertClosed, temporaryFolder, zipOf } from './files.ts';
import { serve } from './server.ts';

const DAY = new Date(1e12);

test('a file is known by its size, its date and its ends', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'notes.txt');
  const big = Buffer.alloc(5 << 20, 'x');
  const identityOf = async (bytes: Uint8Array, date = DAY) => {
    await writeFile(path, bytes);
    await utimes(path, date, date);
    return fingerprint(await identifySource(path, {}));
  };
  const changed = (at: number) => {
    const copy = Buffer.from(big);
    copy[at] = 0x79;
    return copy;
  };
  const known = await identityOf(big);
  t.is(await identityOf(big), known);
  const others = [
    await identityOf(big, new Date(1e12 + 1)),
    await identityOf(big.subarray(1)),
    await identityOf(changed(0)),
    await identityOf(changed((1 << 20) - 1)),
    await identityOf(changed(big.length - 1)),
    await identityOf(Buffer.alloc(0)),
    await identityOf(Buffer.from('a')),
    await identityOf(Buffer.from('b')),
  ];
  t.is(new Set([known, ...others]).size, others.length + 1);
  await assertClosed(t, folder);
});

test('an archive is known by the entries that are meant', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'corpus.zip');
  const identityOf = async (texts: Readonly<Record<string, string>>, entry: string) => {
    const entries = Object.entries(texts).map(([name, text]) => ({ name, data: Buffer.from(text), method: 0 }));
    await writeFile(path, zipOf(entries));
    await utimes(path, DAY, DAY);
    return fingerprint(await identifySource(`${path}#${entry}`, {}));
  };
  const known = await identityOf({ 'a.txt': 'one', 'b.txt': 'two' }, 'a.txt');
  t.is(await identityOf({ 'a.txt': 'one', 'b.txt': 'six' }, 'a.txt'), known);
  t.not(await identityOf({ 'a.txt': 'six', 'b.txt': 'two' }, 'a.txt'), known);
  const both = await identityOf({ 'a.txt': 'one', 'b.txt': 'two' }, '*.txt');
  t.not(both, known);
  t.not(await identityOf({ 'a.txt': 'one', 'b.txt': 'six' }, '*.txt'), both);
  t.not(await identityOf({ 'b.txt': 'two', 'a.txt': 'one' }, '*.txt'), both);
});

test('a URL is known by the copy that was fetched', async (t) => {
  const folder = await temporaryFolder(t);
  let text = 'one';
  const { base } = await serve(t, (_, response) => {
    response.setHeader('etag', `"${text}"`);
    response.end(text);
  });
  const identity = async () => fingerprint(await identifySource(`${base}notes.txt`, { cacheDir: folder }));
  const known = await identity();
  text = 'two';
  t.not(await identity(), known);
});

test('what comes through a pipe, or is not there, has no identity', async (t) => {
  const folder = await temporaryFolder(t);
  const codeOf = async (spec: string) =>
    (await t.throwsAsync(identifySource(spec, {}), { instanceOf: MillraceError })).code;
  t.is(await codeOf('-'), 'MILLRACE_USAGE');
  t.is(await codeOf('/dev/null'), 'MILLRACE_USAGE');
  t.is(await codeOf(join(folder, 'missing')), 'MILLRACE_NOT_FOUND');
  await appendFile(join(folder, 'empty.zip'), zipOf([]));
  t.is(await codeOf(join(folder, 'empty.zip')), 'MILLRACE_NOT_FOUND');
});
