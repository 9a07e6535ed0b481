/**
 * The bytes of an entry of a zip archive. unzipper, which reads the table of contents, could give them too, but it
 * inflates at a fifth of zlib's speed, never checks a CRC, and leaves the file open when its reader stops early.
 */
import { crc32, createInflateRaw } from 'node:zlib';
import { MillraceError, type Origin } from '../pipeline/errors.ts';
import { type ZipEntry, zipMethods } from './archives/zip-directory.ts';
import { type BlockOptions, type ReadOptions, toBlocks } from './bytes.ts';
import { inflate, zlibOptions } from './inflate.ts';
import { fileAt, type RandomAccess, type RandomAccessSource, type RangeOptions, readAll } from './random-access.ts';
import type { Block } from './records.ts';

export { listEntries, type ZipEntry } from './archives/zip-directory.ts';

/**
 * The bytes of one entry, inflated at most one block ahead of the reader. The last block comes when length and CRC-32
 * have been found right.
 *
 * @throws MillraceError `MILLRACE_CHECKSUM` when they are wrong, `MILLRACE_BAD_ARCHIVE` when the entry is damaged, cut
 * off, encrypted or neither stored nor deflated, `MILLRACE_NOT_FOUND` when the file is gone
 */
export function readEntry(
  archive: string | RandomAccessSource,
  entry: ZipEntry,
  options: ReadOptions & BlockOptions = {},
): AsyncGenerator<Block, void> {
  const source = typeof archive === 'string' ? fileAt(archive) : archive;
  return toBlocks(readEntryBytes(source, entry, options), { source: source.name, entry: entry.name }, options);
}

/** As {@link readEntry}, without the blocks around the bytes. */
export async function* readEntryBytes(
  archive: string | RandomAccessSource,
  entry: ZipEntry,
  { signal }: ReadOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const source = typeof archive === 'string' ? fileAt(archive) : archive;
  const origin = { source: source.name, entry: entry.name };
  checkReadable(entry, origin);
  const range = { signal, origin };
  const access = await source.open({ signal });
  try {
    const start = await findData(access, entry, range);
    const data = access.read(start, start + entry.compressedSize, range);
    const bytes = entry.method === STORED ? data : inflate(data, createInflateRaw(zlibOptions), origin, { signal });
    let crc = 0;
    let length = 0;
    for await (const chunk of bytes) {
      crc = crc32(chunk, crc);
      length += chunk.length;
      if (length > entry.size) break;
      yield chunk;
    }
    if (length !== entry.size || crc !== entry.crc32) {
      throw new MillraceError('MILLRACE_CHECKSUM', 'The entry is not what the archive says it is', {
        origin,
        expected: `${entry.size} bytes with CRC-32 ${hex(entry.crc32)}`,
        found: `${length > entry.size ? 'more' : length} bytes with CRC-32 ${hex(crc)}`,
        hint: 'The archive is damaged: fetch it again.',
      });
    }
  } finally {
    await access.close();
  }
}

const STORED = 0;
const DEFLATED = 8;

function checkReadable(entry: ZipEntry, origin: Origin): void {
  if (entry.encrypted) {
    throw new MillraceError('MILLRACE_BAD_ARCHIVE', 'The entry is encrypted', { origin, hint: 'Unpack it first.' });
  }
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    const name = zipMethods[entry.method];
    throw new MillraceError('MILLRACE_BAD_ARCHIVE', 'The entry is compressed in a way that is not known here', {
      origin,
      expected: 'method 0 (stored) or 8 (deflate)',
      found: `method ${entry.method}${name === undefined ? '' : ` (${name})`}`,
      hint: 'Unpack it first.',
    });
  }
}

/** Where the entry's data begins: its local header has a name and an extra field of its own length. */
async function findData(access: RandomAccess, { offset }: ZipEntry, range: RangeOptions): Promise<number> {
  const header = await readAll(access, offset, offset + 30, range);
  if (header.readUInt32LE(0) !== 0x04034b50) {
    throw new MillraceError('MILLRACE_BAD_ARCHIVE', 'The entry does not begin where the archive says it does', {
      origin: range.origin,
      hint: 'The archive is damaged or was changed while it was read.',
    });
  }
  return offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0');
