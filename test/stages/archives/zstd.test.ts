import { spawnSync } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { MillraceError } from '../../../pipeline/errors.ts';
import { openStream } from '../../../stages/open-stream.ts';
import { codeOf } from '../files.ts';
import { packed, plain, zstdOf } from './zstd-of.ts';

async function* chunked(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpack(bytes: Uint8Array, size = 50): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const block of openStream(() => chunked(bytes, size), undefined, 'test')) parts.push(block.bytes);
  return Buffer.concat(parts);
}

async function messageOf(t: ExecutionContext, work: Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(work, { instanceOf: MillraceError });
  return `${error.code} ${error.message}`;
}

test('frames, one or several, however they are cut', async (t) => {
  for (const size of [1, 7, 1000]) t.is((await unpack(packed, size)).toString(), plain);
  t.is((await unpack(Buffer.concat([packed, packed]))).toString(), plain + plain);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 80 }),
      fc.record({ checksum: fc.boolean(), sized: fc.boolean() }),
      async (frames, size, shape) => {
        t.true((await unpack(zstdOf(frames, shape), size)).equals(Buffer.concat(frames)));
      },
    ),
    { seed: 1, numRuns: 100 },
  );
});

test('frames that are to be skipped are skipped', async (t) => {
  const skipped = Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  t.is((await unpack(Buffer.concat([skipped, packed, skipped, packed]))).toString(), plain + plain);
  t.is(await codeOf(t, unpack(Buffer.concat([packed, skipped.subarray(0, 9)]))), 'MILLRACE_BAD_ARCHIVE');
});

test('a thousand frames in one chunk', async (t) => {
  const frames = Array.from({ length: 1000 }, (_, i) => Buffer.from(`${i}\n`));
  t.true((await unpack(zstdOf(frames), 1 << 20)).equals(Buffer.concat(frames)));
});

test('cut off anywhere it is an error, unless nothing is left', async (t) => {
  const whole = Buffer.concat([packed, packed]);
  for (let length = 4; length < whole.length; length++) {
    if (length === packed.length) continue;
    t.is(await codeOf(t, unpack(whole.subarray(0, length))), 'MILLRACE_BAD_ARCHIVE', `cut at ${length}`);
  }
});

test('a flipped bit is an error or harmless', async (t) => {
  for (const whole of [packed, zstdOf([Buffer.from(plain.slice(0, 60)), Buffer.alloc(3000)])]) {
    const expected = await unpack(whole);
    const outcomes = new Map<string, number>();
    // Without its magic number it is no zstd, and handed on as it is.
    for (let bit = 32; bit < whole.length * 8; bit++) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const outcome = await unpack(damaged).then(
        (bytes) => {
          t.true(bytes.equals(expected), `bit ${bit}`);
          return 'right';
        },
        (error: unknown) => {
          if (!(error instanceof MillraceError)) throw error;
          return error.code;
        },
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    t.deepEqual([...outcomes.keys()].sort(), ['MILLRACE_BAD_ARCHIVE', 'MILLRACE_CHECKSUM', 'right']);
  }
});

test('what follows the frames is an error', async (t) => {
  for (const rest of ['something', '\0\0\0\0\0\0', 'x']) {
    t.is(await codeOf(t, unpack(Buffer.concat([packed, Buffer.from(rest)]))), 'MILLRACE_BAD_ARCHIVE', rest);
  }
});

test('a large window or a dictionary is named before memory is taken for it', async (t) => {
  const wide = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 4, 31 << 3, 1, 0, 0, 0, 0, 0, 0]);
  t.regex(await messageOf(t, unpack(wide)), /^MILLRACE_BAD_ARCHIVE .*a window of 2199023255552 bytes.*zstd -d/);
  const single = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x80, 1, 0, 0]);
  t.regex(await messageOf(t, unpack(single)), /^MILLRACE_BAD_ARCHIVE .*a window of 2147483648 bytes/);
  const foreign = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 10 << 3, 7, 1, 0, 0]);
  t.regex(await messageOf(t, unpack(foreign)), /^MILLRACE_BAD_ARCHIVE .*a dictionary that is elsewhere/);
});

test('what the zstd program writes, at all its levels', async (t) => {
  if (spawnSync('zstd', ['--version']).status !== 0) {
    t.log('skipped: zstd is not here');
    return t.pass();
  }
  const words = plain.split(' ');
  const text = Array.from({ length: 120_000 }, (_, i) => words[(i * i + (i >> 3)) % words.length]).join(' ');
  for (const args of ['-1', '-9', '-19', '--fast=3', '--no-check', '-B200KB -T2']) {
    const { stdout } = spawnSync('zstd', ['-q', '-c', ...args.split(' ')], { input: text, maxBuffer: 1 << 24 });
    t.true((await unpack(stdout, 1 << 16)).equals(Buffer.from(text)), args);
  }
});
