import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createGunzip, gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { MillraceError } from '../../pipeline/errors.ts';
import { BLOCK_BYTES, type ReadOptions } from '../../stages/bytes.ts';
import { inflate, zlibOptions } from '../../stages/inflate.ts';
import { openStream } from '../../stages/open-stream.ts';
import { codeOf, until } from './files.ts';

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
