import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { MillraceError } from '../../pipeline/errors.ts';
import { pathOfPieces } from '../../stages/download/remote-archive.ts';
import { identifySource } from '../../stages/identity.ts';
import { openSource, type SourceOptions } from '../../stages/source.ts';
import { assertClosed, codeOf, collect, temporaryFolder, until, zipOf } from './files.ts';
import { type Fault, type ServedFile, serveFile } from './hostile-server.ts';

const patience = { pauseMs: 1, longestPauseMs: 10 };
const MIB = 1 << 20;

/** Text that packs by half. */
function textOf(bytes: number): Buffer {
  return Buffer.from(randomBytes(bytes / 2).toString('hex'));
}

async function read(t: ExecutionContext, spec: string, options: SourceOptions): Promise<Buffer> {
  return collect(t, openSource(spec, { patience, ...options }));
}

async function namesIn(cacheDir: string): Promise<string[]> {
  const found = await readdir(cacheDir, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

test('the first block is there before the download ends, and a reader who leaves stops it', async (t) => {
  const text = textOf(4 * MIB);
  for (const bytes of [text, gzipSync(text)]) {
    const cacheDir = await temporaryFolder(t);
    const { base, requests } = await serveFile(
      t,
      () => ({ bytes, etag: '"1"' }),
      (request) => (request === 0 ? { stallAt: 1_500_000 } : undefined),
    );
    for await (const block of openSource(`${base}a.txt`, { cacheDir, patience })) {
      t.true(text.subarray(0, block.bytes.length).equals(block.bytes));
      t.false(block.last);
      break;
    }
    await assertClosed(t, cacheDir);
    t.deepEqual(await namesIn(cacheDir), ['a.txt.part', 'a.txt.part.json']);
    t.true((await read(t, `${base}a.txt`, { cacheDir })).equals(text));
    t.regex(requests[1]?.range ?? '', /^bytes=\d{3,}-$/);
    t.deepEqual(await namesIn(cacheDir), ['a.txt', 'a.txt.json']);
  }
});

test('a reader hears nothing of what breaks off and goes on', async (t) => {
  const text = textOf(4 * MIB);
  const dropped: Fault[] = [{ dropAt: 1_200_000 }, { status: 503 }, { dropAt: 1_200_000 }];
  for (const etag of ['"1"', undefined]) {
    const cacheDir = await temporaryFolder(t);
    // Without a version the server sends all of it again, and what has been read must come again.
    const { base, requests } = await serveFile(
      t,
      () => ({ bytes: text, ...(etag && { etag }) }),
      (request) => dropped[request],
    );
    t.true((await read(t, `${base}a`, { cacheDir })).equals(text));
    t.is(requests.length, 4);
  }
});

test('what has been read of a file that changes is never mixed with what it becomes', async (t) => {
  const cacheDir = await temporaryFolder(t);
  let served: ServedFile = { bytes: textOf(4 * MIB), etag: '"1"' };
  const { base } = await serveFile(
    t,
    () => served,
    (request) => (request === 0 ? { stallAt: 2 * MIB } : undefined),
  );
  const before = served.bytes;
  const seen: Uint8Array[] = [];
  const error = await t.throwsAsync(
    async () => {
      for await (const { bytes } of openSource(`${base}a`, { cacheDir, patience: { ...patience, idleMs: 200 } })) {
        seen.push(bytes);
        served = { bytes: textOf(4 * MIB), etag: '"2"' };
      }
    },
    { instanceOf: MillraceError, message: /has changed at the server while it was read/ },
  );
  t.is(error.code, 'MILLRACE_HTTP');
  const given = Buffer.concat(seen);
  t.true(given.length > 0 && given.equals(before.subarray(0, given.length)));
  t.true((await read(t, `${base}a`, { cacheDir })).equals(served.bytes));
});

test('a slow reader keeps nobody waiting', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const text = textOf(4 * MIB);
  const { base, requests } = await serveFile(t, () => ({ bytes: text, etag: '"1"' }));
  const slow = openSource(`${base}a`, { cacheDir, patience });
  const first = await slow.next();
  t.false(first.done);
  // It has not even taken its second block when another has read all of it.
  t.true((await read(t, `${base}a`, { cacheDir })).equals(text));
  await slow.return();
  t.is(requests.length, 1);
});

test('nothing comes of a file with a wrong sum, for URLs and files alike', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const text = textOf(MIB);
  const sha256 = [createHash('sha256').update(text).digest('hex')];
  const { base } = await serveFile(t, () => ({ bytes: text, etag: '"1"' }));
  const wrong = ['00'.repeat(32)];
  const blocks = openSource(`${base}a`, { cacheDir, sha256: wrong });
  t.is(await codeOf(t, blocks.next()), 'MILLRACE_CHECKSUM');
  t.true((await read(t, `${base}a`, { cacheDir, sha256 })).equals(text));
  const path = join(cacheDir, (await readdir(cacheDir, { recursive: true })).find((name) => name.endsWith('/a'))!);
  t.is(await codeOf(t, read(t, path, { sha256: wrong })), 'MILLRACE_CHECKSUM');
  t.true((await read(t, path, { sha256 })).equals(text));
  t.is(await codeOf(t, read(t, '-', { sha256 })), 'MILLRACE_USAGE');
});

/** Four entries of 3 MiB each, every second one deflated. */
function archiveOf(): { bytes: Buffer; texts: Buffer[] } {
  const texts = Array.from({ length: 4 }, () => textOf(3 * MIB));
  return { bytes: zipOf(texts.map((data, i) => ({ name: `${i}.txt`, data, method: i % 2 ? 8 : 0 }))), texts };
}

const archive = archiveOf();

/** How many bytes each request asked for, from which on. */
function rangesOf(requests: readonly { range?: string | undefined }[]): (readonly [number, number] | undefined)[] {
  return requests.map(({ range }) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    return first === undefined ? undefined : ([Number(first), Number(last) + 1] as const);
  });
}

test('of a zip only the table of contents and the entry are fetched, and not twice', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { bytes, texts } = archive;
  const { base, requests, sent } = await serveFile(t, () => ({ bytes, etag: '"1"' }));
  t.true((await read(t, `${base}a.zip#2.txt`, { cacheDir })).equals(texts[2]!));
  const fetched = sent.reduce((sum, count) => sum + count, 0);
  // The entry, a piece of 1 MiB that it begins in and one that it ends in, the first one and the last.
  t.true(fetched <= texts[2]!.length + 4 * MIB, `${fetched} bytes`);
  t.true(rangesOf(requests).every((range) => range !== undefined));
  const pieces = pathOfPieces(`${base}a.zip`, { cacheDir });
  const { size, blocks } = await stat(pieces);
  t.is(size, bytes.length);
  if (process.platform === 'linux') t.true(512 * blocks <= fetched + MIB, 'the rest is a hole');

  const { length } = requests;
  t.true((await read(t, `${base}a.zip#2.txt`, { cacheDir })).equals(texts[2]!));
  t.is(requests.length, length + 1);
  t.is(requests.at(-1)?.['if-none-match'], '"1"');
  t.is(sent.at(-1), 0);
  // Another entry takes what is missing to it; pieces are never fetched twice.
  t.true((await read(t, `${base}a.zip#3.txt`, { cacheDir })).equals(texts[3]!));
  const seen = new Set<number>();
  for (const [start, end] of rangesOf(requests).filter((range) => range !== undefined)) {
    if (start === 0) continue;
    for (let piece = start / MIB; piece < end / MIB; piece++) {
      t.false(seen.has(piece), `piece ${piece}`);
      seen.add(piece);
    }
  }
  await assertClosed(t, cacheDir);
});

test('an entry comes while it is fetched, and a reader who leaves stops that', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const texts = [textOf(20 * MIB), textOf(21 * MIB)];
  const bytes = zipOf(texts.map((data, i) => ({ name: `${i}.txt`, data, method: 0 })));
  const { base, sent } = await serveFile(t, () => ({ bytes, etag: '"1"' }));
  for await (const block of openSource(`${base}a.zip#0.txt`, { cacheDir, patience })) {
    t.true(texts[0]!.subarray(0, block.bytes.length).equals(block.bytes));
    break;
  }
  t.true(sent.reduce((sum, count) => sum + count, 0) < 19 * MIB);
  await assertClosed(t, cacheDir);
});

test('an entry is whole whatever breaks off on its way', async (t) => {
  const { bytes, texts } = archive;
  const faults: Record<string, Fault> = {
    drop: { dropAt: 700_000 },
    stall: { stallAt: 700_000 },
    ill: { status: 503 },
    'too long': { lie: 100 },
    'other range': { shift: 7 },
  };
  for (const [name, fault] of Object.entries(faults)) {
    for (const at of [0, 1, 2]) {
      const cacheDir = await temporaryFolder(t);
      const { base } = await serveFile(
        t,
        () => ({ bytes, etag: '"1"' }),
        (request) => (request === at ? fault : undefined),
      );
      const short = { cacheDir, patience: { ...patience, idleMs: 300 } };
      t.true((await read(t, `${base}a.zip#1.txt`, short)).equals(texts[1]!), `${name} at ${at}`);
    }
  }
});

test('what changes before anything has been read of it starts over, and is an error afterwards', async (t) => {
  const old = archive;
  const other = archiveOf();
  for (const changeAt of [1, 2]) {
    const cacheDir = await temporaryFolder(t);
    let number = 0;
    const { base } = await serveFile(t, () =>
      number++ < changeAt ? { bytes: old.bytes, etag: '"1"' } : { bytes: other.bytes, etag: '"2"' },
    );
    t.true((await read(t, `${base}a.zip#1.txt`, { cacheDir })).equals(other.texts[1]!), `${changeAt}`);
  }
  const cacheDir = await temporaryFolder(t);
  const big = zipOf([20, 21].map((mib, i) => ({ name: `${i}`, data: textOf(mib * MIB), method: 0 })));
  let etag = '"1"';
  const { base } = await serveFile(t, () => ({ bytes: big, etag }));
  const reading = async () => {
    for await (const _ of openSource(`${base}a.zip#0`, { cacheDir, patience })) etag = '"2"';
  };
  await t.throwsAsync(reading, { instanceOf: MillraceError, message: /has changed at the server while it was read/ });
});

test('all of it is fetched where ranges are refused, most is wanted, a sum is given, or it is no zip', async (t) => {
  const { bytes, texts } = archive;
  const sha256 = [createHash('sha256').update(bytes).digest('hex')];
  const cases: [string, ServedFile, string, SourceOptions, Fault | undefined][] = [
    ['no ranges', { bytes, etag: '"1"' }, '1.txt', {}, { whole: true }],
    ['no version', { bytes }, '1.txt', {}, undefined],
    ['most', { bytes, etag: '"1"' }, '{0,1,2}.txt', {}, undefined],
    ['a sum', { bytes, etag: '"1"' }, '1.txt', { sha256 }, undefined],
  ];
  for (const [name, file, entry, options, fault] of cases) {
    const cacheDir = await temporaryFolder(t);
    const { base } = await serveFile(
      t,
      () => file,
      () => fault,
    );
    const expected = entry.startsWith('{') ? Buffer.concat(texts.slice(0, 3)) : texts[1]!;
    t.true((await read(t, `${base}a.zip#${entry}`, { cacheDir, ...options })).equals(expected), name);
    t.deepEqual(await namesIn(cacheDir), ['a.zip', 'a.zip.json'], name);
    t.true((await readFile(join(cacheDir, (await readdir(cacheDir))[0]!, 'a.zip'))).equals(bytes));
  }
  const cacheDir = await temporaryFolder(t);
  const { base } = await serveFile(t, () => ({ bytes: textOf(2 * MIB), etag: '"1"' }));
  t.is(await codeOf(t, read(t, `${base}a.txt#1.txt`, { cacheDir })), 'MILLRACE_USAGE');
});

test('without a network, what was fetched of an archive is there, and the rest is not', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { bytes, texts } = archive;
  const server = await serveFile(t, () => ({ bytes, etag: '"1"' }));
  const spec = `${server.base}a.zip`;
  await read(t, `${spec}#1.txt`, { cacheDir });
  await server.close();
  t.true((await read(t, `${spec}#1.txt`, { cacheDir })).equals(texts[1]!));
  t.is(await codeOf(t, read(t, `${spec}#3.txt`, { cacheDir })), 'MILLRACE_HTTP');
});

test('two entries of an archive at once share what each fetches', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { bytes, texts } = archive;
  const { base, sent } = await serveFile(t, () => ({ bytes, etag: '"1"' }));
  const both = await Promise.all(
    ['1.txt', '1.txt', '2.txt'].map((entry) => read(t, `${base}a.zip#${entry}`, { cacheDir })),
  );
  t.true(both[0]!.equals(texts[1]!) && both[1]!.equals(texts[1]!) && both[2]!.equals(texts[2]!));
  const fetched = sent.reduce((sum, count) => sum + count, 0);
  t.true(fetched <= 9 * MIB, `${fetched} bytes`);
});

test('an entry is known by the version of its archive, however much of that is here', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { bytes } = archive;
  let etag = '"1"';
  const { base, sent } = await serveFile(t, () => ({ bytes, etag }));
  const identityOf = () => identifySource(`${base}a.zip#1.txt`, { cacheDir, patience });
  const known = await identityOf();
  t.true(sent.reduce((sum, count) => sum + count, 0) < bytes.length / 2);
  await read(t, `${base}a.zip#2.txt`, { cacheDir });
  t.deepEqual(await identityOf(), known);
  await read(t, `${base}a.zip#*`, { cacheDir });
  t.deepEqual(await namesIn(cacheDir), ['a.zip', 'a.zip.json']);
  t.deepEqual(await identityOf(), known);
  etag = '"2"';
  t.notDeepEqual(await identityOf(), known);
});

test('abort ends an entry that hangs', async (t) => {
  const cacheDir = await temporaryFolder(t);
  const { bytes } = archive;
  const { base, requests } = await serveFile(
    t,
    () => ({ bytes, etag: '"1"' }),
    (request) => (request === 2 ? { stallAt: 10 } : undefined),
  );
  const controller = new AbortController();
  const reason = new Error('enough');
  const reading = t.throwsAsync(read(t, `${base}a.zip#1.txt`, { cacheDir, signal: controller.signal }));
  await until(() => requests.length === 3);
  controller.abort(reason);
  t.is(await reading, reason);
  await assertClosed(t, cacheDir);
});
