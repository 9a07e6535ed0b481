import { spawnSync } from 'node:child_process';
import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { packTar, type TarEntry } from 'modern-tar';
import { MillraceError } from '../../../pipeline/errors.ts';
import { openStream } from '../../../stages/open-stream.ts';
import { openSource } from '../../../stages/source.ts';
import { assertClosed, codeOf, collect, temporaryFolder } from '../files.ts';
import { zstdOf } from './zstd-of.ts';

type Files = readonly (readonly [name: string, data: Uint8Array | string])[];

/** A tar of files, written by a package that we read nothing with. */
async function tarOf(files: Files): Promise<Buffer> {
  const entries = files.map(([name, data]): TarEntry => {
    const body = Buffer.from(data);
    return { header: { name, size: body.length, type: name.endsWith('/') ? 'directory' : 'file' }, body };
  });
  return Buffer.from(await packTar(entries));
}

async function* chunked(bytes: Uint8Array, size: number, state = { closed: false }) {
  try {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  } finally {
    state.closed = true;
  }
}

/** The entries that a pattern means, each with its text. */
async function unpack(bytes: Uint8Array, pattern: string | null = '**', size = 1000): Promise<[string, string][]> {
  const files: [string, string][] = [];
  let parts: Uint8Array[] = [];
  for await (const { bytes: part, origin, last } of openStream(
    () => chunked(bytes, size),
    pattern ?? undefined,
    'test',
  )) {
    parts.push(part);
    if (!last) continue;
    files.push([origin.entry!, Buffer.concat(parts).toString('latin1')]);
    parts = [];
  }
  return files;
}

async function messageOf(t: ExecutionContext, work: Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(work, { instanceOf: MillraceError });
  return `${error.code} ${error.message}`;
}

const names = fc.uniqueArray(
  fc.array(fc.stringMatching(/^[a-zé我]{1,90}$/), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
  { maxLength: 6 },
);

test('any files under any names, however the bytes are cut, packed or not', async (t) => {
  const pack = [(bytes: Buffer) => bytes, (bytes: Buffer) => gzipSync(bytes), (bytes: Buffer) => zstdOf([bytes])];
  await fc.assert(
    fc.asyncProperty(
      names.filter((all) => all.length > 0),
      fc.infiniteStream(fc.string({ maxLength: 1200, unit: fc.constantFrom(...'ab \n') })),
      fc.integer({ min: 1, max: 3000 }),
      fc.constantFrom(...pack),
      async (all, texts, size, packed) => {
        const files = all.map((name): [string, string] => [name, texts.next().value]);
        t.deepEqual(await unpack(packed(await tarOf(files)), '**', size), files);
      },
    ),
    { seed: 1, numRuns: 80 },
  );
});

const two: Files = [
  ['c/', ''],
  ['c/train.txt', 'train\n'.repeat(200)],
  ['c/dev.txt', 'dev\n'],
  ['c/notes[1].md', 'notes\n'],
];

test('entries are chosen as in a zip: by name, by glob, or the only one', async (t) => {
  const bytes = await tarOf(two);
  t.deepEqual(await unpack(bytes, 'c/dev.txt'), [['c/dev.txt', 'dev\n']]);
  t.deepEqual(
    (await unpack(bytes, 'c/*.txt')).map(([name]) => name),
    ['c/train.txt', 'c/dev.txt'],
  );
  t.deepEqual(await unpack(bytes, 'c/notes[1].md'), [['c/notes[1].md', 'notes\n']]);
  t.deepEqual(
    await unpack(
      await tarOf([
        ['x/', ''],
        ['x/only', 'only'],
      ]),
      null,
    ),
    [['x/only', 'only']],
  );
  t.regex(await messageOf(t, unpack(bytes, 'c/dve.txt')), /^MILLRACE_NOT_FOUND .*one of c\/dev.txt, c\/train.txt/);
  t.regex(await messageOf(t, unpack(bytes, '*.csv')), /^MILLRACE_NOT_FOUND /);
  t.regex(
    await messageOf(t, unpack(bytes, null)),
    /^MILLRACE_USAGE .*more than one file.*test#ENTRY with one of c\/train.txt, c\/dev.txt/,
  );
  t.regex(await messageOf(t, unpack(await tarOf([['x/', '']]), null)), /^MILLRACE_NOT_FOUND .*holds no files/);
});

test('as a source: plain, gzip and zstd, known by their bytes', async (t) => {
  const folder = await temporaryFolder(t);
  const bytes = await tarOf(two);
  for (const packed of [bytes, gzipSync(bytes), zstdOf([bytes])]) {
    const path = join(folder, 'corpus.bin');
    await writeFile(path, packed);
    t.is((await collect(t, openSource(`${path}#c/dev.txt`))).toString(), 'dev\n');
    for await (const { origin } of openSource(`${path}#c/train.txt`)) {
      t.deepEqual(origin, { source: path, entry: 'c/train.txt' });
      break;
    }
    await assertClosed(t, folder);
    const controller = new AbortController();
    const blocks = openSource(`${path}#c/*`, { signal: controller.signal });
    await blocks.next();
    const reason = new Error('enough');
    controller.abort(reason);
    t.is(await t.throwsAsync(blocks.next()), reason);
    await assertClosed(t, folder);
  }
});

test('cut off anywhere it is an error, packed or not', async (t) => {
  const whole = await tarOf(two);
  // Behind the first 512 bytes of its end mark there is nothing to lose.
  const needed = whole.length - 512;
  for (let length = 512; length < needed; length += length % 512 === 0 || length % 512 === 511 ? 1 : 73) {
    t.is(await codeOf(t, unpack(whole.subarray(0, length))), 'MILLRACE_BAD_ARCHIVE', `cut at ${length}`);
  }
  t.is((await unpack(whole.subarray(0, needed))).length, 3);
  const packed = gzipSync(whole);
  for (let length = 2; length < packed.length; length++) {
    t.is(await codeOf(t, unpack(packed.subarray(0, length))), 'MILLRACE_BAD_ARCHIVE', `gzip cut at ${length}`);
  }
});

test('a flipped bit in a header is an error or harmless', async (t) => {
  const files: Files = [
    ['a.txt', 'one'],
    [`${'long/'.repeat(30)}b.txt`, 'two'],
  ];
  const whole = await tarOf(files);
  const expected = await unpack(whole);
  const headers = Array.from({ length: whole.length / 512 }, (_, i) => i * 512).filter(
    (at) => whole.toString('latin1', at + 257, at + 262) === 'ustar',
  );
  t.true(headers.length >= 2);
  for (const header of headers) {
    for (let bit = header * 8; bit < (header + 512) * 8; bit += 3) {
      // Without its magic number the first header is no header: what it begins is handed on as it is.
      if (header === 0 && bit >> 3 >= 257 && bit >> 3 < 262) continue;
      const damaged = Buffer.from(whole);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const files = await unpack(damaged).catch((error: unknown) => {
        if (!(error instanceof MillraceError)) throw error;
      });
      if (files) t.deepEqual(files, expected, `bit ${bit}`);
    }
  }
});

test('what follows the end is zeros, or an error', async (t) => {
  const whole = await tarOf([['a.txt', 'one']]);
  t.is((await unpack(Buffer.concat([whole, Buffer.alloc(9000)]))).length, 1);
  t.regex(await messageOf(t, unpack(Buffer.concat([whole, whole]))), /^MILLRACE_BAD_ARCHIVE .*Something follows/);
});

test('a name that leads out of the archive is refused where it is meant, and nowhere else', async (t) => {
  for (const name of ['../a.txt', '/etc/a.txt', 'b/../../a.txt', 'C:/a.txt', '..\\a.txt', '\\a.txt']) {
    const bytes = await tarOf([
      [name, 'out'],
      ['a.txt', 'in'],
    ]);
    t.regex(await messageOf(t, unpack(bytes, name)), /^MILLRACE_BAD_ARCHIVE test: An entry's name is refused/, name);
    t.deepEqual(await unpack(bytes, 'a.txt'), [['a.txt', 'in']], name);
  }
  t.deepEqual(await unpack(await tarOf([['./a..b/x.txt', 'in']]), 'a..b/x.txt'), [['a..b/x.txt', 'in']]);
});

test('an entry that is packed itself is refused', async (t) => {
  const bytes = await tarOf([['a.gz', gzipSync('text')]]);
  t.regex(await messageOf(t, unpack(bytes, 'a.gz')), /^MILLRACE_BAD_ARCHIVE test#a.gz: .*gunzip/);
});

test('two entries of one name are both there', async (t) => {
  const bytes = await tarOf([
    ['a.txt', 'old'],
    ['a.txt', 'new'],
  ]);
  t.deepEqual(await unpack(bytes, 'a.txt'), [
    ['a.txt', 'old'],
    ['a.txt', 'new'],
  ]);
});

test('a reader who leaves closes the stream', async (t) => {
  const bytes = await tarOf(two);
  for (const packed of [bytes, gzipSync(bytes), zstdOf([bytes])]) {
    const state = { closed: false };
    for await (const _ of openStream(() => chunked(packed, 100, state), 'c/*', 'test')) break;
    t.true(state.closed);
  }
});

test('what the tar program writes, in all its formats', async (t) => {
  const folder = await temporaryFolder(t);
  if (spawnSync('tar', ['--version'], { encoding: 'utf8' }).stdout?.startsWith('tar (GNU tar)') !== true) {
    t.log('skipped: GNU tar is not here');
    return t.pass();
  }
  const deep = `deep/${'folder/'.repeat(18)}`;
  await mkdir(join(folder, deep), { recursive: true });
  const short = [
    ['a.txt', 'one'],
    ['b.txt', 'two\n'.repeat(500)],
    ['link.txt', ''],
  ] as const;
  const long = [[`${deep}${'x'.repeat(120)}.txt`, 'deep']] as const;
  for (const [name, data] of [...short, ...long]) if (data) await writeFile(join(folder, name), data);
  await symlink('a.txt', join(folder, 'link.txt'));
  const pack = async (...args: string[]) => {
    const { status, stderr } = spawnSync('tar', ['-C', folder, '-cf', join(folder, 'test.tar'), ...args]);
    t.is(status, 0, String(stderr));
    return readFile(join(folder, 'test.tar'));
  };
  for (const format of ['v7', 'ustar', 'oldgnu', 'gnu', 'pax']) {
    const files = format === 'v7' || format === 'ustar' ? short : [...short, ...long];
    const bytes = await pack(`--format=${format}`, ...files.map(([name]) => `./${name}`));
    t.deepEqual(
      await unpack(bytes),
      files.filter(([, data]) => data).map(([name, data]) => [name, data]),
      format,
    );
    t.regex(await messageOf(t, unpack(bytes, 'link.txt')), /^MILLRACE_BAD_ARCHIVE .*a link to a.txt/, format);
  }
  await writeFile(join(folder, 'hole'), 'begin');
  await truncate(join(folder, 'hole'), 1 << 20);
  for (const format of ['gnu', 'pax']) {
    const bytes = await pack(`--format=${format}`, '--sparse', 'hole', 'a.txt');
    t.regex(await messageOf(t, unpack(bytes)), /^MILLRACE_BAD_ARCHIVE .*a file with holes/, format);
    t.deepEqual(await unpack(bytes, 'a.txt'), [['a.txt', 'one']], format);
  }
});
