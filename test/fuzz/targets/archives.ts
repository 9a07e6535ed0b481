/** Every container, told apart by its bytes, from a file and as a stream. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { MillraceError } from '../../../pipeline/errors.ts';
import { openStream } from '../../../stages/open-stream.ts';
import { fileAt } from '../../../stages/random-access.ts';
import type { Block } from '../../../stages/records.ts';
import { openSource } from '../../../stages/source.ts';
import { listEntries, readEntryBytes } from '../../../stages/unzip.ts';
import { packed, zstdOf } from '../../stages/archives/zstd-of.ts';
import { zipOf } from '../../stages/files.ts';
import type { FuzzTarget } from '../target.ts';
import { file, snliLines } from './samples.ts';

async function textsOf(): Promise<[Buffer, Buffer]> {
  const [first, other = first] = (await snliLines(8)) as [string[], string[]?];
  return [file(first), file(other)];
}

/** All that an archive holds, by its hash; every file of it must end. */
async function digest(blocks: AsyncIterable<Block>): Promise<string> {
  const hash = createHash('sha256');
  let ended = true;
  for await (const { bytes, origin, last } of blocks) {
    if (ended) hash.update(`\n${origin.entry}\n`);
    hash.update(bytes);
    ended = last;
  }
  if (!ended) throw new Error('The bytes ended within a file');
  return hash.digest('hex');
}

const zip = (seedsOf: (first: Buffer, other: Buffer) => Promise<Buffer[]> | Buffer[]): FuzzTarget => ({
  async start() {
    return {
      seeds: await seedsOf(...(await textsOf())),
      async read(path) {
        // One by one, so that what is wrong with an entry does not hide what is wrong with the next.
        for (const entry of await listEntries(fileAt(path))) {
          try {
            for await (const _ of readEntryBytes(path, entry));
          } catch (error) {
            if (!(error instanceof MillraceError)) throw error;
          }
        }
        await digest(openSource(`${path}#**`));
      },
    };
  },
});

/** The same from a file and from a stream that comes in small pieces: the same bytes, or the same error. */
const stream = (
  seedsOf: (first: Buffer, other: Buffer) => Promise<Buffer[]> | Buffer[],
  { pattern, mend }: { readonly pattern?: string; readonly mend?: (bytes: Buffer) => Buffer } = {},
): FuzzTarget => ({
  async start() {
    return {
      seeds: await seedsOf(...(await textsOf())),
      ...(mend && { mend }),
      async read(path, bytes) {
        const pieces = async function* () {
          for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
        };
        const asStream = await digestOrError(openStream(pieces, pattern, path));
        const asFile = await digestOrError(openSource(pattern === undefined ? path : `${path}#${pattern}`));
        // Of two things that are wrong, the one that is told first may be another.
        if (asFile !== asStream && !(asFile instanceof Error && asStream instanceof Error) && !isZip(bytes)) {
          throw new Error(`As a file it is ${asFile}, as a stream ${asStream}`);
        }
        if (asFile instanceof Error) throw asFile;
      },
    };
  },
});

const isZip = (bytes: Buffer) => bytes.toString('latin1', 0, 2) === 'PK';

async function digestOrError(blocks: AsyncIterable<Block>): Promise<string | MillraceError> {
  try {
    return await digest(blocks);
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
}

async function tarOf(first: Buffer, other: Buffer): Promise<Buffer> {
  const entry = (name: string, body: Buffer) => ({ header: { name, size: body.length }, body });
  return Buffer.from(
    await packTar([
      entry('a.jsonl', first),
      entry(`${'folder/'.repeat(40)}b.jsonl`, other),
      entry('c.txt', Buffer.from('c\n')),
    ]),
  );
}

/** The sums of all headers of a tar, so that every field behind them is believed. */
function mendTar(tar: Buffer): Buffer {
  const bytes = Buffer.from(tar);
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    if (bytes.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    bytes.fill(' ', at + 148, at + 156);
    const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  }
  return bytes;
}

const small = (text: Buffer) => text.subarray(0, 600);

export const archives: Readonly<Record<string, FuzzTarget>> = {
  zip: zip(async (first, other) => [
    zipOf(
      [
        { name: 'a.jsonl', data: first },
        { name: 'b.jsonl', data: other, descriptor: true },
        { name: 'folder/', data: Buffer.alloc(0), method: 0 },
        { name: 'folder/\u00e9.txt', data: small(first), method: 0, flags: 0x800 },
      ].map((entry) => ({ ...entry, name: Buffer.from(entry.name) })),
      { comment: 'a comment' },
    ),
    await readFile(fileURLToPath(new URL('../../../fixtures/glove.mini.50d.zip', import.meta.url))),
  ]),
  zip64: zip((first, other) => [
    zipOf(
      [
        { name: 'a.jsonl', data: first, zip64: true },
        { name: 'b.jsonl', data: small(other), method: 0, zip64: true },
      ],
      { zip64: true },
    ),
  ]),
  gzip: stream((first, other) => [gzipSync(first), Buffer.concat([gzipSync(small(first)), gzipSync(small(other))])]),
  zstd: stream((first, other) => [packed, Buffer.concat([packed, zstdOf([first, other])])]),
  tar: stream(async (first, other) => [await tarOf(first, other)], { pattern: '**', mend: mendTar }),
  // Stored, so that what is wrong is wrong in the tar; its checksum comes too late to hide that.
  'tar.gz': stream(
    async (first, other) => [gzipSync(await tarOf(first, other), { level: 0 }), gzipSync(await tarOf(other, first))],
    { pattern: '**' },
  ),
  'tar.zst': stream(async (first, other) => [zstdOf([await tarOf(first, other)], { checksum: false })], {
    pattern: '**',
  }),
};
