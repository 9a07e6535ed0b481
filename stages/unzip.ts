/**
 * Zip archives: their table of contents, and the bytes of one entry.
 *
 * unzipper reads the table of contents. The entries we read ourselves: it inflates at a fifth of zlib's speed, never
 * checks a CRC, and leaves the file open when its reader stops early.
 */
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { MillraceError, type Origin } from '../pipeline/errors.ts';
import { fileError, openFile, type ReadOptions, readRange, toBlocks } from './bytes.ts';
import { inflate, zlibOptions } from './inflate.ts';
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
 * @throws MillraceError `MILLRACE_BAD_ARCHIVE`, `MILLRACE_NOT_FOUND`
 */
export async function listEntries(path: string, { signal }: ReadOptions = {}): Promise<ZipEntry[]> {
  const origin = { source: path };
  const handle = await openFile(path, signal);
  const streams: Readable[] = [];
  try {
    const { size } = await handle.stat();
    const end = await findEnd(handle, size, origin, signal);
    await checkCount(handle, end, size, origin, signal);
    // unzipper leaves a failing source unnoticed and waits for ever: so the failure is awaited beside it.
    let fail = (_: unknown): void => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    failed.catch(() => {});
    const source = {
      size: async () => size,
      stream: (offset: number) => {
        const stream = Readable.from(readRange(handle, offset, size, { signal, origin }), { objectMode: false });
        streams.push(stream.on('error', fail));
        return stream;
      },
    };
    // Imported here since it takes 100 ms and changes `fs.close` and `process.cwd` for the whole process.
    const { default: unzipper } = await import('unzipper');
    const openCustom: OpenCustom = unzipper.Open.custom;
    // It takes the first end signature of the tail for the end record: so the tail is the end record, no more.
    const directory = await Promise.race([openCustom(source, { tailSize: size - end }), failed]);
    // A record more or fewer than there are would otherwise pass.
    const listed = directory.files.reduce((sum, file) => sum + recordBytes(file), 0);
    if (listed !== directory.sizeOfCentralDirectory) throw badDirectory(origin);
    return directory.files.filter((file) => file.type !== 'Directory').map((file) => toEntry(file, origin));
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof MillraceError ? error : badDirectory(origin, error);
  } finally {
    for (const stream of streams) stream.destroy();
    await handle.close();
  }
}

/**
 * The bytes of one entry, inflated at most one block ahead of the reader. The last block comes when length and CRC-32
 * have been found right.
 *
 * @throws MillraceError `MILLRACE_CHECKSUM` when they are wrong, `MILLRACE_BAD_ARCHIVE` when the entry is damaged, cut
 * off, encrypted or neither stored nor deflated, `MILLRACE_NOT_FOUND` when the file is gone
 */
export function readEntry(path: string, entry: ZipEntry, options: ReadOptions = {}): AsyncGenerator<Block, void> {
  const origin = { source: path, entry: entry.name };
  return toBlocks(readEntryBytes(path, entry, origin, options), origin);
}

/** As {@link readEntry}, without the blocks around the bytes, and with an origin for the errors. */
export async function* readEntryBytes(
  path: string,
  entry: ZipEntry,
  origin: Origin,
  { signal }: ReadOptions = {},
): AsyncGenerator<Uint8Array, void> {
  checkReadable(entry, origin);
  const handle = await openFile(path, signal);
  try {
    const start = await findData(handle, entry, origin, signal);
    const data = readRange(handle, start, start + entry.compressedSize, { signal, origin });
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
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await handle.close();
  }
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
async function findData(handle: FileHandle, entry: ZipEntry, origin: Origin, signal?: AbortSignal): Promise<number> {
  const header = await readAll(handle, entry.offset, entry.offset + 30, origin, signal);
  if (header.readUInt32LE(0) !== 0x04034b50) {
    throw new MillraceError('MILLRACE_BAD_ARCHIVE', 'The entry does not begin where the archive says it does', {
      origin,
      hint: 'The archive is damaged or was changed while it was read.',
    });
  }
  return entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
}

const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;

/** Where the end record begins: the last signature whose comment reaches exactly to the end of the file. */
async function findEnd(handle: FileHandle, size: number, origin: Origin, signal?: AbortSignal): Promise<number> {
  const start = Math.max(0, size - END_BYTES - LONGEST_COMMENT);
  const tail = await readAll(handle, start, size, origin, signal);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== 0x06054b50 || at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length) continue;
    return start + at;
  }
  throw badDirectory(origin);
}

/**
 * unzipper makes room for as many entries as a zip64 end record promises, and would be busy with a damaged number for
 * minutes: so that number is looked at first.
 */
async function checkCount(handle: FileHandle, end: number, size: number, origin: Origin, signal?: AbortSignal) {
  if (end < LOCATOR_BYTES) return;
  const locator = await readAll(handle, end - LOCATOR_BYTES, end, origin, signal);
  if (locator.readUInt32LE(0) !== 0x07064b50) return;
  const at = Number(locator.readBigUInt64LE(8));
  const count = (await readAll(handle, at, at + 56, origin, signal)).readBigUInt64LE(32);
  if (count > size / RECORD_BYTES) throw badDirectory(origin);
}

const LOCATOR_BYTES = 20;

/** A record of the central directory, without its name, extra field and comment. */
const RECORD_BYTES = 46;

function recordBytes(file: DirectoryFile): number {
  return RECORD_BYTES + file.fileNameLength + file.extraFieldLength + file.fileCommentLength;
}

async function readAll(handle: FileHandle, start: number, end: number, origin: Origin, signal?: AbortSignal) {
  const parts: Buffer[] = [];
  for await (const part of readRange(handle, start, end, { signal, origin })) parts.push(part);
  return Buffer.concat(parts);
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
