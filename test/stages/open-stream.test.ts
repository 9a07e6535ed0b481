import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip, gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { MillraceError } from '../../pipeline/errors.ts';
import { BLOCK_BYTES, type ReadOptions } from '../../stages/bytes.ts';
import { inflate, zlibOptions } from '../../stages/inflate.ts';
import { openStream } from '../../stages/open-stream.ts';
import { openSource } from '../../stages/source.ts';
import { zstdOf } from './archives/zstd-of.ts';
import { codeOf, temporaryFolder, until, zipOf } from './files.ts';

const origin = { source: 'test' };

async function* chunked(bytes: Uint8Array, size: number, state = { closed: false }) {
  try {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  } finally {
    state.closed = true;
  }
}

/** What comes out of bytes that come so many at a time. */
async function* opened(bytes: Uint8Array, size: number, state?: { closed: boolean }) {
  for await (const block of openStream(() => chunked(bytes, size, state), undefined, 'test')) yield block.bytes;
}

async function* bytesOf(path: string) {
  for await (const block of openSource(path)) yield block.bytes;
}

async function concat(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

test('gzip is opened, one member or several, however they are cut up, and the rest is handed on', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 80 }),
      async (members, size) => {
        const plain = Buffer.concat(members);
        const packed = Buffer.concat(members.map((member) => gzipSync(member)));
        const state = { closed: false };
        t.true(plain.equals(await concat(opened(packed, size, state))));
        t.true(state.closed);
      },
    ),
    { seed: 1, numRuns: 100 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 9 }), fc.integer({ min: 1, max: 5 }), async (bytes, size) => {
      const known = (bytes[0] === 0x1f && bytes[1] === 0x8b) || (bytes[0] === 0x50 && bytes[1] === 0x4b);
      if (!known) t.true(Buffer.from(bytes).equals(await concat(opened(bytes, size))));
    }),
    { seed: 1 },
  );
});

test('gzip cut off anywhere is an error, unless nothing is left', async (t) => {
  const whole = Buffer.concat([gzipSync('first member'), gzipSync('second member')]);
  const boundary = gzipSync('first member').length;
  for (let length = 2; length < whole.length; length++) {
    if (length === boundary) continue;
    const packed = whole.subarray(0, length);
    t.is(await codeOf(t, concat(opened(packed, 7))), 'MILLRACE_BAD_ARCHIVE', `cut at ${length}`);
  }
});

test('a flipped bit in gzip is an error or harmless', async (t) => {
  const plain = 'a sentence that is long enough. '.repeat(5);
  const packed = gzipSync(plain);
  for (let bit = 16; bit < packed.length * 8; bit++) {
    const damaged = Buffer.from(packed);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    try {
      t.is((await concat(opened(damaged, 64))).toString(), plain, `bit ${bit}`);
    } catch (error) {
      t.true(error instanceof MillraceError, `bit ${bit}: ${error}`);
    }
  }
});

test('what follows gzip is zeros, or an error, however it is cut', async (t) => {
  const packed = gzipSync('some text');
  for (const size of [1, 7, packed.length, packed.length + 3, 4000]) {
    const padded = Buffer.concat([packed, packed, Buffer.alloc(5000)]);
    t.is((await concat(opened(padded, size))).toString(), 'some textsome text', `chunks of ${size}`);
    for (const rest of ['x', 'something else', '\0\0x', `${'\0'.repeat(3000)}x`, `\0${packed.toString('latin1')}`]) {
      const followed = Buffer.concat([packed, Buffer.from(rest, 'latin1')]);
      t.is(await codeOf(t, concat(opened(followed, size))), 'MILLRACE_BAD_ARCHIVE', `${rest}, chunks of ${size}`);
    }
  }
});

test('what follows gzip in a file is looked at, however slowly it is read', async (t) => {
  const path = join(await temporaryFolder(t), 'followed.gz');
  const packed = gzipSync('some text');
  for (const zeros of [1, 3 * BLOCK_BYTES]) {
    const padded = Buffer.concat([packed, Buffer.alloc(zeros)]);
    await writeFile(path, padded);
    t.is((await concat(bytesOf(path))).toString(), 'some text', `${zeros} zeros`);
    // A second member whose first byte was lost.
    await writeFile(path, Buffer.concat([padded, packed.subarray(1)]));
    t.is(await codeOf(t, concat(bytesOf(path))), 'MILLRACE_BAD_ARCHIVE', `${zeros} zeros and more`);
  }
});

test('a damaged second member is not taken for the end', async (t) => {
  const first = gzipSync('first');
  const whole = Buffer.concat([first, gzipSync('second')]);
  for (let bit = first.length * 8; bit < whole.length * 8; bit++) {
    const damaged = Buffer.from(whole);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    try {
      t.is((await concat(opened(damaged, 64))).toString(), 'firstsecond', `bit ${bit}`);
    } catch (error) {
      t.true(error instanceof MillraceError, `bit ${bit}: ${error}`);
    }
  }
});

test('what cannot be opened is told by its bytes, and how to unpack it', async (t) => {
  const heads: Record<string, [number[], RegExp]> = {
    bzip2: [[...Buffer.from('BZh9'), 0x31, 0x41, 0x59, 0x26, 0x53, 0x59], /bunzip2/],
    'empty bzip2': [[...Buffer.from('BZh1'), 0x17, 0x72, 0x45, 0x38, 0x50, 0x90], /bunzip2/],
    xz: [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0], /unxz/],
    '7z': [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0], /7z x/],
    rar: [[...Buffer.from('Rar!'), 0x1a, 7, 1, 0], /unrar x/],
  };
  for (const [what, [head, tool]] of Object.entries(heads)) {
    const bytes = Buffer.concat([Buffer.from(head), Buffer.alloc(100)]);
    for (const size of [1, 1000]) {
      const error = await t.throwsAsync(concat(opened(bytes, size)), { instanceOf: MillraceError });
      t.is(error.code, 'MILLRACE_BAD_ARCHIVE', what);
      t.regex(error.message, tool, what);
    }
    const error = await t.throwsAsync(concat(opened(gzipSync(bytes), 1000)), { instanceOf: MillraceError });
    t.regex(error.message, /^test: What the gzip holds is packed/, what);
  }
  for (const text of ['BZh', 'BZh9 is a word', 'Rar', '7z and more', 'PK', '(']) {
    t.is((await concat(opened(Buffer.from(text), 2))).toString(), text);
  }
});

test('packed twice is refused, by whatever it is packed', async (t) => {
  for (const inner of [
    gzipSync('text'),
    zipOf([{ name: 'a', data: Buffer.from('text') }]),
    zstdOf([Buffer.from('a')]),
  ]) {
    for (const outer of [gzipSync(inner), zstdOf([inner])]) {
      t.is(await codeOf(t, concat(opened(outer, 64))), 'MILLRACE_BAD_ARCHIVE');
    }
  }
});

test('a line that was typed is text before the next one comes', async (t) => {
  async function* typed({ signal }: ReadOptions) {
    yield Buffer.from('a l');
    yield Buffer.from('ine\n');
    await once(signal!, 'abort');
  }
  let text = '';
  for await (const { bytes } of openStream(typed, undefined, 'test')) {
    text += Buffer.from(bytes).toString();
    if (text.endsWith('\n')) break;
  }
  t.is(text, 'a line\n');
});

test('a zip in a stream says what to do', async (t) => {
  const error = await t.throwsAsync(concat(opened(Buffer.from('PK\x03\x04....'), 3)));
  t.regex(error.message, /Save it to a file first/);
});

test('inflate reads ahead one block and not more, and closes its source on an early return', async (t) => {
  const packed = gzipSync(Buffer.alloc(40 * BLOCK_BYTES), { level: 1 });
  const codec = createGunzip(zlibOptions);
  const state = { closed: false };
  const blocks = inflate(chunked(packed, 1000, state), codec, origin);
  await blocks.next();
  // The next block is made while nobody asks for it ...
  await until(() => codec.readableLength > 0);
  // ... but whatever it is given time for, it stops at the block that nobody has asked for yet.
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  t.true(codec.readableLength <= 2 * BLOCK_BYTES);
  t.true(codec.bytesWritten < packed.length / 4);
  await blocks.return();
  t.true(state.closed);
  t.true(codec.destroyed);
});

test('an error of the source comes through inflate as it is', async (t) => {
  async function* failing() {
    yield gzipSync('some text').subarray(0, 12);
    throw new Error('the source failed');
  }
  await t.throwsAsync(concat(inflate(failing(), createGunzip(), origin)), { message: 'the source failed' });
});

test('a reader who leaves, or aborts, does not wait for input that never comes', async (t) => {
  const packed = gzipSync(randomBytes(3000), { level: 0 }).subarray(0, 2000);
  async function* stuck({ signal }: ReadOptions) {
    yield packed;
    await once(signal!, 'abort');
    signal!.throwIfAborted();
  }
  for await (const { bytes } of openStream(stuck, undefined, 'test')) {
    t.true(bytes.length > 0);
    break;
  }
  const controller = new AbortController();
  const chunks = openStream(stuck, undefined, 'test', { signal: controller.signal });
  await chunks.next();
  const pending = chunks.next();
  setImmediate(() => controller.abort(new Error('enough')));
  await t.throwsAsync(pending, { message: 'enough' });
});
