import assert from 'node:assert/strict';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { type Frame, FrameReader, FrameWriter } from '../../../pipeline/cache/frame-file.ts';
import { MillraceError } from '../../../pipeline/index.ts';
import { law } from '../laws.ts';
import { filesIn, withFolder } from './folders.ts';

const meta = fc.constantFrom(null, 0, 'é', [], { kind: 'text', at: [1, 2] });

const frames: fc.Arbitrary<Frame[]> = fc.array(
  fc.record({ rows: fc.nat(5), meta, parts: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }) }),
  { maxLength: 6 },
);

const header = { format: 1, of: 'a test' };
const footer = { rows: 7 };

async function write(path: string, all: readonly Frame[]): Promise<void> {
  const writer = await FrameWriter.create(path, `${path}.tmp`, header);
  for (const frame of all) await writer.write(frame);
  await writer.finish(footer);
}

async function read(path: string): Promise<Frame[]> {
  const file = await FrameReader.open(path);
  try {
    assert.deepEqual(file.header, header);
    assert.deepEqual(file.footer, footer);
    const all: Frame[] = [];
    for await (const frame of file.frames()) all.push(frame);
    return all;
  } finally {
    await file.close();
  }
}

law('frames come back as they were written, each part where an array of numbers can be', [frames], (all) =>
  withFolder(async (folder) => {
    const path = join(folder, 'file');
    await write(path, all);
    const back = await read(path);
    assert.deepEqual(back, all.map(plain));
    for (const { parts } of back) for (const { byteOffset } of parts) assert.equal(byteOffset % 8, 0);
  }),
);

function plain({ rows, meta: told, parts }: Frame): Frame {
  return { rows, meta: told, parts: parts.map((part) => new Uint8Array(part)) };
}

test('frames of any size come back, those that are longer than what is read at once too', async (t) => {
  await withFolder(async (folder) => {
    const path = join(folder, 'file');
    const sizes = [1 << 20, 3_000_001, 5, 0, (1 << 20) - 60, 700_000, 700_000, 17];
    const all = sizes.map((size, rows) => ({ rows, meta: size, parts: [new Uint8Array(size).fill(rows + 1)] }));
    await write(path, all);
    const back = await read(path);
    t.deepEqual(
      back.map((frame) => [frame.rows, frame.meta]),
      sizes.map((size, rows) => [rows, size]),
    );
    for (const { rows, parts } of back) t.true(parts[0]?.every((byte) => byte === rows + 1));
  });
});

law('no bit of a file can change unnoticed', [frames, fc.nat(), fc.nat(7)], (all, place, bit) =>
  withFolder(async (folder) => {
    const path = join(folder, 'file');
    await write(path, all);
    const bytes = await readFile(path);
    const at = place % bytes.length;
    bytes[at] = (bytes[at] as number) ^ (1 << bit);
    await writeFile(path, bytes);
    await assert.rejects(read(path), isDamage);
  }),
);

law('no end of a file can be missing unnoticed, and nothing can follow it', [frames, fc.nat()], (all, place) =>
  withFolder(async (folder) => {
    const path = join(folder, 'file');
    await write(path, all);
    const bytes = await readFile(path);
    await writeFile(path, Buffer.concat([bytes, bytes.subarray(0, 1 + (place % bytes.length))]));
    await assert.rejects(read(path), isDamage);
    await writeFile(path, bytes);
    await truncate(path, place % bytes.length);
    await assert.rejects(read(path), isDamage);
  }),
);

function isDamage(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'MILLRACE_CHECKSUM';
}

test('a file is in its place when it is finished, and leaves nothing when it is discarded', async (t) => {
  await withFolder(async (folder) => {
    const path = join(folder, 'file');
    const beside = join(folder, 'beside');
    const frame = { rows: 1, meta: null, parts: [new Uint8Array(3 << 20)] };
    const given_up = await FrameWriter.create(path, beside, header);
    await given_up.write(frame);
    t.deepEqual(await filesIn(folder), [beside]);
    await given_up.discard();
    t.deepEqual(await filesIn(folder), []);

    const writer = await FrameWriter.create(path, beside, header);
    await writer.write(frame);
    await writer.finish(footer);
    await writer.discard();
    t.deepEqual(await filesIn(folder), [path]);
    t.is((await read(path)).length, 1);
  });
});

test('what is written may change afterwards', async (t) => {
  await withFolder(async (folder) => {
    const path = join(folder, 'file');
    const part = new Uint8Array([1, 2, 3]);
    const writer = await FrameWriter.create(path, `${path}.tmp`, header);
    await writer.write({ rows: 1, meta: null, parts: [part] });
    part.fill(9);
    await writer.finish(footer);
    t.deepEqual((await read(path))[0]?.parts, [new Uint8Array([1, 2, 3])]);
  });
});
