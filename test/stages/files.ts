/** What the tests of the byte sources share: a folder for each test, zips of any shape, and a count of open files. */
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32, deflateRawSync } from 'node:zlib';
import type { ExecutionContext } from 'ava';
import { MillraceError } from '../../pipeline/errors.ts';
import { BLOCK_BYTES } from '../../stages/bytes.ts';
import type { Block } from '../../stages/records.ts';

/** A folder that is removed after the test. */
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** How many of this process's file handles are open on files under `path`; undefined where that cannot be told. */
export async function openHandles(path: string): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const targets = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith(path)).length;
}

export async function assertClosed(t: ExecutionContext, path: string): Promise<void> {
  t.is((await openHandles(path)) ?? 0, 0, `files under ${path} are still open`);
}

/** All bytes of all blocks, after the rule has been checked that each file ends with one `last` block. */
export async function collect(t: ExecutionContext, blocks: AsyncIterable<Block>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let last: boolean | undefined;
  let entry: string | undefined;
  for await (const block of blocks) {
    if (last === false) t.is(block.origin.entry, entry, 'a file went on in another one');
    t.true(block.bytes.length <= BLOCK_BYTES);
    ({ last } = block);
    ({ entry } = block.origin);
    parts.push(block.bytes);
  }
  t.true(last, 'the file did not end');
  return Buffer.concat(parts);
}

/** The code of the MillraceError that `work` fails with; any other outcome fails the test. */
export async function codeOf(t: ExecutionContext, work: Promise<unknown>): Promise<string> {
  const error = await t.throwsAsync(work, { any: true });
  if (!(error instanceof MillraceError)) throw error;
  return error.code;
}

/** Waits until `condition` holds; the test's own time limit is the only limit. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5);
}

export interface EntryShape {
  /** As text it is ASCII. */
  readonly name: string | Buffer;
  readonly data: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  /** Sizes and CRC after the data, zeros in the local header: as programs do that write to a pipe. */
  readonly descriptor?: boolean;
  /** 64-bit fields for sizes and offset in the central directory. */
  readonly zip64?: boolean;
  /** Where the central directory says that it begins, if not where it does. */
  readonly offset?: number;
}

/** A zip, field by field from PKWARE's APPNOTE 6.3: the shapes that fflate does not write. */
export function zipOf(entries: readonly EntryShape[], { comment = '', zip64 = false } = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  const push = (part: Buffer) => {
    parts.push(part);
    offset += part.length;
  };
  for (const {
    name,
    data,
    method = 8,
    flags = 0,
    descriptor = false,
    zip64: wide = false,
    offset: claimed,
  } of entries) {
    const packed = method === 8 ? deflateRawSync(data) : Buffer.from(data);
    const sum = crc32(data);
    const allFlags = flags | (descriptor ? 8 : 0);
    const start = offset;
    const known = descriptor ? [0, 0, 0] : [sum, packed.length, data.length];
    push(fields([4, 0x04034b50], [2, 45], [2, allFlags], [2, method], [4, 0], [4, known[0]!], [4, known[1]!]));
    push(fields([4, known[2]!], [2, name.length], [2, 4], name, [4, 0x0000cafe]));
    push(packed);
    if (descriptor) push(fields([4, 0x08074b50], [4, sum], [4, packed.length], [4, data.length]));
    const extra = wide
      ? fields([2, 1], [2, 24], [8, data.length], [8, packed.length], [8, claimed ?? start])
      : Buffer.alloc(0);
    const narrow = (value: number): number => (wide ? 0xffffffff : value);
    directory.push(
      fields([4, 0x02014b50], [2, 45], [2, 45], [2, allFlags], [2, method], [4, 0], [4, sum]),
      fields([4, narrow(packed.length)], [4, narrow(data.length)], [2, name.length], [2, extra.length], [2, 0]),
      fields([2, 0], [2, 0], [4, 0], [4, narrow(claimed ?? start)], name),
      extra,
    );
  }
  const records = Buffer.concat(directory);
  const start = offset;
  const end = start + records.length;
  push(records);
  const count = entries.length;
  if (zip64) {
    push(fields([4, 0x06064b50], [8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count]));
    push(fields([8, records.length], [8, start], [4, 0x07064b50], [4, 0], [8, end], [4, 1]));
  }
  const shown = zip64 ? [0xffff, 0xffffffff, 0xffffffff] : [count, records.length, start];
  push(fields([4, 0x06054b50], [2, 0], [2, 0], [2, shown[0]!], [2, shown[0]!], [4, shown[1]!], [4, shown[2]!]));
  push(fields([2, comment.length], comment));
  return Buffer.concat(parts);
}

/** Little-endian numbers as `[bytes, value]`, and ASCII. */
function fields(...all: ([2 | 4 | 8, number] | string | Buffer)[]): Buffer {
  return Buffer.concat(
    all.map((field) => {
      if (typeof field === 'string') return Buffer.from(field, 'latin1');
      if (Buffer.isBuffer(field)) return field;
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(field[1]));
      return bytes.subarray(0, field[0]);
    }),
  );
}
