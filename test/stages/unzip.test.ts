import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { MillraceError } from '../../pipeline/errors.ts';
import { listEntries, readEntry } from '../../stages/unzip.ts';
import { assertClosed, codeOf, collect, type EntryShape, temporaryFolder, zipOf } from './files.ts';

const text = strToU8(Array.from({ length: 60 }, (_, i) => `sentence ${i * i}`).join('\n'));
const long = Buffer.from(Array.from({ length: 400_000 }, (_, i) => `line ${i}`).join('\n'));

async function save(t: ExecutionContext, bytes: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(t), 'test.zip');
  await writeFile(path, bytes);
  return path;
}

/** Name and bytes of every entry, in order. */
async function unpack(t: ExecutionContext, path: string): Promise<[string, Buffer][]> {
  const files: [string, Buffer][] = [];
  for (const entry of await listEntries(path)) files.push([entry.name, await collect(t, readEntry(path, entry))]);
  return files;
}

const same = (files: [string, Uint8Array][]): [string, Buffer][] =>
  files.map(([name, data]) => [name, Buffer.from(data)]);

test('entries come in the order of the directory, without folders', async (t) => {
  const files = { 'z/': new Uint8Array(0), 'z/b.txt': text, 'a.txt': strToU8('one'), 'empty.txt': new Uint8Array(0) };
  const path = await save(t, zipSync(files));
  t.deepEqual(
    await unpack(t, path),
    same([
      ['z/b.txt', text],
      ['a.txt', strToU8('one')],
      ['empty.txt', new Uint8Array(0)],
    ]),
  );
  await assertClosed(t, path);
});

test('an archive without entries', async (t) => {
  t.deepEqual(await listEntries(await save(t, zipOf([]))), []);
});

test('an entry of many blocks', async (t) => {
  const path = await save(t, zipSync({ 'long.txt': long }, { level: 1 }));
  t.true(long.equals((await unpack(t, path))[0]![1]));
});

const shapes: Record<string, [Partial<EntryShape>, { comment?: string; zip64?: boolean }]> = {
  stored: [{ method: 0 }, {}],
  'data descriptors': [{ descriptor: true }, {}],
  zip64: [{ zip64: true }, { zip64: true }],
  'zip64 with data descriptors': [{ zip64: true, descriptor: true }, { zip64: true }],
  'the longest comment': [{}, { comment: 'x'.repeat(0xffff) }],
  'a comment that looks like an end record': [{}, { comment: `PK\x05\x06${'y'.repeat(40)}` }],
};
for (const [what, [entry, archive]] of Object.entries(shapes)) {
  test(`any files, ${what}`, async (t) => {
    const path = await save(t, new Uint8Array(0));
    const files = fc.array(fc.uint8Array({ maxLength: 2000 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(files, async (contents) => {
        const expected = contents.map((data, i): [string, Uint8Array] => [`f/${i}.txt`, data]);
        await writeFile(
          path,
          zipOf(
            expected.map(([name, data]) => ({ name, data, ...entry })),
            archive,
          ),
        );
        t.deepEqual(await unpack(t, path), same(expected));
      }),
      { seed: 1, numRuns: 25 },
    );
  });
}

test('a zip within a zip does not hide the outer directory', async (t) => {
  const inner = zipOf([{ name: 'inner.txt', data: text }]);
  const path = await save(t, zipOf([{ name: 'inner.zip', data: inner, method: 0 }], { comment: 'outer' }));
  t.deepEqual(await unpack(t, path), same([['inner.zip', inner]]));
});

test('payload that looks like a data descriptor or a local header is payload', async (t) => {
  const data = Buffer.from(`PK\x07\x08${'a'.repeat(20)}PK\x03\x04PK\x01\x02`, 'latin1');
  const path = await save(t, zipOf([{ name: 'a', data, method: 0, descriptor: true }]));
  t.deepEqual(await unpack(t, path), same([['a', data]]));
});

test('a flipped bit gives the right bytes or a typed error', async (t) => {
  const whole = zipSync({ 'a/b.txt': text, 'c.txt': [strToU8('stored words'), { level: 0 }] });
  const path = await save(t, whole);
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length * 8 - 1 }), async (bit) => {
      const damaged = Uint8Array.from(whole);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      await writeFile(path, damaged);
      const outcome = await unpack(t, path).then(
        (files) => {
          t.deepEqual(
            files.map(([, data]) => data),
            [Buffer.from(text), Buffer.from('stored words')],
          );
          return 'right';
        },
        (error: unknown) => {
          if (!(error instanceof MillraceError)) throw error;
          return error.code;
        },
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }),
    { seed: 1, numRuns: 600 },
  );
  t.deepEqual([...outcomes.keys()].sort(), ['MILLRACE_BAD_ARCHIVE', 'MILLRACE_CHECKSUM', 'right']);
  await assertClosed(t, path);
});

test('an archive cut off anywhere is a bad archive', async (t) => {
  const whole = zipSync({ 'a.txt': text });
  const path = await save(t, whole);
  for (let length = 0; length < whole.length; length++) {
    await writeFile(path, whole.subarray(0, length));
    t.is(await codeOf(t, unpack(t, path)), 'MILLRACE_BAD_ARCHIVE', `cut at ${length}`);
  }
  await assertClosed(t, path);
});

test('a zip64 end record that promises too much is turned away at once', async (t) => {
  const whole = zipOf([{ name: 'a', data: text }], { zip64: true });
  const count = whole.length - 22 - 20 - 56 + 32;
  for (const promised of [2n, 4_000_000_000n, 2n ** 63n]) {
    whole.writeBigUInt64LE(promised, count);
    t.is(await codeOf(t, listEntries(await save(t, whole))), 'MILLRACE_BAD_ARCHIVE', String(promised));
  }
});

test('an entry larger than promised stops there', async (t) => {
  const path = await save(t, zipSync({ 'long.txt': long }));
  const [entry] = await listEntries(path);
  const blocks = readEntry(path, { ...entry!, size: 10 });
  t.is(await codeOf(t, blocks.next()), 'MILLRACE_CHECKSUM');
  await assertClosed(t, path);
});

test('no block is the last before the sums are right', async (t) => {
  const path = await save(t, zipSync({ 'a.txt': text }));
  const [entry] = await listEntries(path);
  const seen: boolean[] = [];
  const reading = async () => {
    for await (const { last } of readEntry(path, { ...entry!, crc32: 1 })) seen.push(last);
  };
  t.is(await codeOf(t, reading()), 'MILLRACE_CHECKSUM');
  t.deepEqual(seen, [false]);
});

test('encryption and unknown methods are named', async (t) => {
  const path = await save(
    t,
    zipOf([
      { name: 'locked', data: text, flags: 1 },
      { name: 'lzma', data: text, method: 14 },
    ]),
  );
  const [locked, lzma] = await listEntries(path);
  await t.throwsAsync(collect(t, readEntry(path, locked!)), { message: /encrypted/ });
  await t.throwsAsync(collect(t, readEntry(path, lzma!)), {
    message: /method 0 \(stored\) or 8 \(deflate\), found "method 14 \(LZMA\)"/,
  });
});

test('a file that is gone or another one by the time it is read', async (t) => {
  const path = await save(t, zipSync({ 'a.txt': text, 'b.txt': text }));
  const [, entry] = await listEntries(path);
  await writeFile(path, zipSync({ 'a.txt': strToU8('much shorter') }));
  t.is(await codeOf(t, collect(t, readEntry(path, entry!))), 'MILLRACE_BAD_ARCHIVE');
  await rm(path);
  t.is(await codeOf(t, collect(t, readEntry(path, entry!))), 'MILLRACE_NOT_FOUND');
  t.is(await codeOf(t, listEntries(path)), 'MILLRACE_NOT_FOUND');
});

test('early return and abort close the file', async (t) => {
  const path = await save(t, zipSync({ 'long.txt': long, 'stored.txt': [long, { level: 0 }] }));
  for (const entry of await listEntries(path)) {
    for await (const block of readEntry(path, entry)) {
      t.false(block.last);
      break;
    }
    await assertClosed(t, path);

    const controller = new AbortController();
    const blocks = readEntry(path, entry, { signal: controller.signal });
    await blocks.next();
    const reason = new Error('enough');
    controller.abort(reason);
    t.is(await t.throwsAsync(blocks.next()), reason);
    await assertClosed(t, path);
    t.is(await t.throwsAsync(readEntry(path, entry, { signal: controller.signal }).next()), reason);
  }
  await t.throwsAsync(listEntries(path, { signal: AbortSignal.abort(new Error('enough')) }), { message: 'enough' });
  await assertClosed(t, path);
});

test('nothing is opened before the first block is asked for', async (t) => {
  const path = await save(t, zipSync({ 'a.txt': text }));
  const [entry] = await listEntries(path);
  const blocks = readEntry(path, entry!);
  await assertClosed(t, path);
  await blocks.return();
  await assertClosed(t, path);
});

test('the real archive inflates to the sizes and sums that it promises', async (t) => {
  const path = '../shared/data/snli_1.0.zip';
  if (!existsSync(path)) {
    t.log(`skipped: ${path} is not here`);
    return t.pass();
  }
  const entries = await listEntries(path);
  t.true(entries.some((entry) => entry.name === 'snli_1.0/snli_1.0_dev.jsonl'));
  for (const entry of entries) t.is((await collect(t, readEntry(path, entry))).length, entry.size);
  await assertClosed(t, path);
});
