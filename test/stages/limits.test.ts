import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { strToU8, zipSync } from 'fflate';
import { packTar } from 'modern-tar';
import { MillraceError } from '../../pipeline/errors.ts';
import { defaultLimits, type Limits, parseLimits, RATIO_FROM } from '../../stages/limits.ts';
import { openPath } from '../../stages/open-path.ts';
import { readLines } from '../../stages/read.ts';
import { zstdOf } from './archives/zstd-of.ts';
import { assertClosed, collect, temporaryFolder, zipOf } from './files.ts';

test('limits are read as they are written', (t) => {
  t.deepEqual(parseLimits('entry-bytes=1000'), { entryBytes: 1000 });
  t.deepEqual(parseLimits('total-bytes=1.5KiB,ratio=2000,entries=3,line-bytes=2GiB'), {
    totalBytes: 1536,
    ratio: 2000,
    entries: 3,
    lineBytes: 2 ** 31,
  });
  const { ratio } = parseLimits('ratio=none');
  t.true(ratio! > 1e15 && JSON.parse(JSON.stringify(ratio)) === ratio);
  t.deepEqual({ ...defaultLimits, ...parseLimits('entries=1') }, { ...defaultLimits, entries: 1 });
});

test('what is no limit says what would be one', (t) => {
  for (const text of ['', 'ratio', 'ratio=', 'ratio=0', 'ratio=-1', 'ratio=1e3', 'ratio=1 KiB', 'entries=1KB', 'x=1']) {
    const error = t.throws(() => parseLimits(text), { instanceOf: MillraceError }, text);
    t.is(error.code, 'MILLRACE_USAGE', text);
    t.regex(error.message, /such as 1000 or 80GiB|entry-bytes, total-bytes/, text);
  }
});

async function messageOf(t: ExecutionContext, bytes: Uint8Array, limits: Partial<Limits>, pattern?: string) {
  const path = join(await temporaryFolder(t), 'test.bin');
  await writeFile(path, bytes);
  const reading = collect(t, openPath(path, pattern, 'test', { limits }));
  const error = await t.throwsAsync(reading, { instanceOf: MillraceError });
  await assertClosed(t, path);
  return `${error.code} ${error.message}`;
}

const text = strToU8('a line of text\n'.repeat(20));
const two = { 'a.txt': text, 'b.txt': text };
const tar = () => packTar(Object.keys(two).map((name) => ({ header: { name, size: text.length }, body: text })));

test('no entry, packed file or sum of them is longer than the limits allow', async (t) => {
  const shapes: [string, Uint8Array, string | undefined][] = [
    ['zip', zipSync(two), '*.txt'],
    ['gzip', gzipSync(text), undefined],
    ['zstd', zstdOf([text]), undefined],
    ['tar', await tar(), '*.txt'],
    ['tar.gz', gzipSync(await tar()), '*.txt'],
  ];
  for (const [what, bytes, pattern] of shapes) {
    const long = await messageOf(t, bytes, { entryBytes: text.length - 1 }, pattern);
    t.regex(long, /^MILLRACE_LIMIT test.*"entry-bytes".* 299 or less.*--limits entry-bytes=/, what);
    if (what === 'tar') continue;
    t.regex(await messageOf(t, bytes, { totalBytes: 299 }, pattern), /^MILLRACE_LIMIT .*"total-bytes"/, what);
  }
  const path = join(await temporaryFolder(t), 'test.zip');
  await writeFile(path, zipSync(two));
  t.is((await collect(t, openPath(path, '*', path, { limits: { entryBytes: 300, totalBytes: 600 } }))).length, 600);
});

test('no archive has more entries than the limit allows', async (t) => {
  for (const bytes of [
    zipSync(two),
    await tar(),
    zipOf(
      [...'abc'].map((name) => ({ name, data: text })),
      { zip64: true },
    ),
  ]) {
    t.regex(await messageOf(t, bytes, { entries: 1 }, '*'), /^MILLRACE_LIMIT test: .*"entries"/);
  }
});

test('a bomb is known by its ratio, by default', async (t) => {
  const zeros = Buffer.alloc(RATIO_FROM + 1);
  const bombs: Record<string, Uint8Array> = {
    zip: zipOf([{ name: 'a', data: zeros }]),
    gzip: gzipSync(zeros, { level: 1 }),
    zstd: zstdOf([zeros], { checksum: false }),
  };
  for (const [what, bytes] of Object.entries(bombs)) {
    t.regex(await messageOf(t, bytes, {}), /^MILLRACE_LIMIT .*"ratio" allows; expected 200 or less/, what);
  }
  const path = join(await temporaryFolder(t), 'zeros.gz');
  await writeFile(path, bombs.gzip!);
  let length = 0;
  for await (const { bytes } of openPath(path, undefined, path, { limits: { ratio: 2000 } })) length += bytes.length;
  t.is(length, zeros.length);
});

test('what is not packed has no limits', async (t) => {
  const path = join(await temporaryFolder(t), 'plain.txt');
  await writeFile(path, text);
  t.is((await collect(t, openPath(path, undefined, path, { limits: { entryBytes: 1, totalBytes: 1 } }))).length, 300);
});

test('limits hold on worker threads as well', async (t) => {
  const path = join(await temporaryFolder(t), 'test.zip');
  await writeFile(path, zipSync({ 'a.txt': text }));
  const limits = { entryBytes: 10 };
  const reading = async () => {
    for await (const _ of readLines(path, { limits }).parallel(1));
  };
  t.is((await t.throwsAsync(reading(), { instanceOf: MillraceError })).code, 'MILLRACE_LIMIT');
});
