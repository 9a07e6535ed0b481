/**
 * Zip archives: their table of contents, and the bytes of one entry.
 *
 * unzipper reads the table of contents. The entries we read ourselves: it inflates at a fifth of zlib's speed, never
 * checks a CRC, and leaves the file open when its reader stops early.
 */
import { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { MillraceError, type Origin } from '../pipeline/errors.ts';
import { type ReadOptions, toBlocks } from './bytes.ts';
import { inflate, zlibOptions } from './inflate.ts';
import { fileAt, type RandomAccess, type RandomAccessSource, type RangeOptions, readAll } from './random-access.ts';
import type { Block } from './records.ts';

/** One file of an archive, as the archive's central directory has it. Sizes and the offset are in bytes. */
export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  readonly compressedSize: number;
  readonly crc32: number;
  /** 0 is stored, 8 is deflate; nothing else can be read here. */
  readonly method: number;
  readonly encrypted: boolean;
  /** Where the entry's local header begins. */
  readonly offset: number;
}

/**
 * The files of an archive in the order of its central directory, without the folders.
 *
 * @param archive what the archive is in, or its path
 * @throws MillraceError `MILLRACE_BAD_ARCHIVE`, `MILLRACE_NOT_FOUND`
 */
export async function listEntries(
  archive: string | RandomAccessSource,
  { signal }: ReadOptions = {},
): Promise<ZipEntry[]> {
  const source = toSource(archive);
  const origin = { source: source.name };
  const range = { signal, origin };
  const access = await source.open({ signal });
  const streams: Readable[] = [];
  try {
    const { size } = access;
    const end = await findEnd(access, range);
    await checkCount(access, end, range);
    // unzipper leaves a failing source unnoticed and waits for ever: so the failure is awaited beside it.
    let fail = (_: unknown): void => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => {});
    const custom = {
      size: async () => size,
      stream: (offset: number) => {
        const stream = Readable.from(access.read(offset, size, range), { objectMode: false });
        streams.push(stream.on('error', fail));
        return stream;
      },
    };
    // Imported here since it takes 100 ms and changes `fs.close` and `process.cwd` for the whole process.
    const { default: unzipper } = await import('unzipper');
    const openCustom: OpenCustom = unzipper.Open.custom;
    // It takes the first end signature of the tail for the end record: so the tail is the end record, no more.
    const directory = await Promise.race([openCustom(custom, { tailSize: size - end }), failed]);
    // A record more or fewer than there are would otherwise pass.
    const listed = directory.files.reduce((sum, file) => sum + recordBytes(file), 0);
    if (listed !== directory.sizeOfCentralDirectory) throw badDirectory(origin);
    return directory.files.filter((file) => file.type !== 'Directory').map((file) => toEntry(file, origin));
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof MillraceError ? error : badDirectory(origin, error);
  } finally {
    for (const stream of streams) stream.destroy();
    await access.close();
  }
}

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
  options: ReadOptions = {},
): AsyncGenerator<Block, void> {
  const source = toSource(archive);
  return toBlocks(readEntryBytes(source, entry, options), { source: source.name, entry: entry.name });
}

/** As {@link readEntry}, without the blocks around the bytes. */
export async function* readEntryBytes(
  archive: string | RandomAccessSource,
  entry: ZipEntry,
  { signal }: ReadOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const source = toSource(archive);
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

function toSource(archive: string | RandomAccessSource): RandomAccessSource {
  return typeof archive === 'string' ? fileAt(archive) : archive;
}

const STORED = 0;
const DEFLATED = 8;

function checkReadable(entry: ZipEntry, origin: Origin): void {
  if (entry.encrypted) {
    throw new MillraceError('MILLRACE_BAD_ARCHIVE', 'The entry is encrypted', { origin, hint: 'Unpack it first.' });
  }
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    throw new MillraceError('MILLRACE_BAD_ARCHIVE', 'The entry is compressed in a way that is not known here', {
      origin,
      expected: 'method 0 (stored) or 8 (deflate)',
      found: entry.method,
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

const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;

/** Where the end record begins: the last signature whose comment reaches exactly to the end of the file. */
async function findEnd(access: RandomAccess, range: RangeOptions): Promise<number> {
  const start = Math.max(0, access.size - END_BYTES - LONGEST_COMMENT);
  const tail = await readAll(access, start, access.size, range);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== 0x06054b50 || at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length) continue;
    return start + at;
  }
  throw badDirectory(range.origin);
}

/**
 * unzipper makes room for as many entries as a zip64 end record promises, and would be busy with a damaged number for
 * minutes: so that number is looked at first.
 */
async function checkCount(access: RandomAccess, end: number, range: RangeOptions): Promise<void> {
  if (end < LOCATOR_BYTES) return;
  const locator = await readAll(access, end - LOCATOR_BYTES, end, range);
  if (locator.readUInt32LE(0) !== 0x07064b50) return;
  const at = Number(locator.readBigUInt64LE(8));
  const count = (await readAll(access, at, at + 56, range)).readBigUInt64LE(32);
  if (count > access.size / RECORD_BYTES) throw badDirectory(range.origin);
}

const LOCATOR_BYTES = 20;

/** A record of the central directory, without its name, extra field and comment. */
const RECORD_BYTES = 46;

function recordBytes(file: DirectoryFile): number {
  return RECORD_BYTES + file.fileNameLength + file.extraFieldLength + file.fileCommentLength;
}

function toEntry(file: DirectoryFile, origin: Origin): ZipEntry {
  const { compressedSize, uncompressedSize, offsetToLocalFileHeader } = file;
  const numbers = [compressedSize, uncompressedSize, offsetToLocalFileHeader];
  if (file.signature !== 0x02014b50 || !numbers.every(Number.isSafeInteger)) throw badDirectory(origin);
  return {
    name: file.path,
    size: uncompressedSize,
    compressedSize,
    crc32: file.crc32,
    method: file.compressionMethod,
    encrypted: (file.flags & 1) !== 0,
    offset: offsetToLocalFileHeader,
  };
}

function badDirectory(origin: Origin, cause?: unknown): MillraceError {
  return new MillraceError('MILLRACE_BAD_ARCHIVE', 'This is not a zip archive, or its table of contents is damaged', {
    origin,
    hint: 'If it was downloaded, fetch it again.',
    cause,
  });
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0');

/** What we use of unzipper; its published types know neither the options nor our streams. */
interface DirectoryFile {
  readonly signature: number;
  readonly flags: number;
  readonly compressionMethod: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly offsetToLocalFileHeader: number;
  readonly fileNameLength: number;
  readonly extraFieldLength: number;
  readonly fileCommentLength: number;
  readonly path: string;
  readonly type: 'Directory' | 'File';
}

type OpenCustom = (
  source: { size: () => Promise<number>; stream: (offset: number) => Readable },
  options: { tailSize: number },
) => Promise<{ files: readonly DirectoryFile[]; sizeOfCentralDirectory: number }>;
