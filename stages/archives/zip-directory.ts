/**
 * The table of contents of a zip archive, as PKWARE's APPNOTE 6.3 has it: the central directory alone, never what the
 * local headers say. unzipper reads it; what it believes without looking is looked at here.
 */
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { MillraceError, type Origin } from '../../pipeline/errors.ts';
import type { ReadOptions } from '../bytes.ts';
import { defaultLimits, type Limits, overLimit } from '../limits.ts';
import { fileAt, type RandomAccess, type RandomAccessSource, type RangeOptions, readAll } from '../random-access.ts';
import { decodeName } from './zip-names.ts';

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

/** What the other methods are called. */
export const zipMethods: Readonly<Record<number, string>> = {
  1: 'shrink',
  2: 'reduce',
  3: 'reduce',
  4: 'reduce',
  5: 'reduce',
  6: 'implode',
  9: 'deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'zstd',
  94: 'MP3',
  95: 'xz',
  96: 'JPEG',
  97: 'WavPack',
  98: 'PPMd',
  99: 'AES',
};

export interface ListOptions extends ReadOptions {
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * The files of an archive in the order of its central directory, without the folders.
 *
 * @param archive what the archive is in, or its path
 * @throws MillraceError `MILLRACE_BAD_ARCHIVE`, also when entries share bytes, with which a small archive can pretend
 * to hold any amount; `MILLRACE_LIMIT` when it has more entries than `limits.entries`; `MILLRACE_NOT_FOUND`
 */
export async function listEntries(
  archive: string | RandomAccessSource,
  { signal, limits }: ListOptions = {},
): Promise<ZipEntry[]> {
  const source = typeof archive === 'string' ? fileAt(archive) : archive;
  const origin = { source: source.name };
  const range = { signal, origin };
  const access = await source.open({ signal });
  try {
    const end = await findEnd(access, range);
    const most = { ...defaultLimits, ...limits }.entries;
    // unzipper makes room for as many entries as are promised, and would be busy with a damaged number for minutes.
    if (end.count > access.size / RECORD_BYTES) throw badDirectory(origin);
    if (end.count > most) throw overLimit('entries', most, origin, `${end.count}`);
    const directory = await readDirectory(access, end.position, range);
    // A record more or fewer than there are would otherwise pass.
    const listed = directory.files.reduce((sum, file) => sum + recordBytes(file), 0);
    if (listed !== directory.sizeOfCentralDirectory) throw badDirectory(origin);
    checkOverlap(directory, origin);
    return directory.files.filter((file) => file.type !== 'Directory').map((file) => toEntry(file, origin));
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof MillraceError ? error : badDirectory(origin, error);
  } finally {
    await access.close();
  }
}

/**
 * Loaded when it is needed, since that takes long and changes `fs.close` and `process.cwd` for the whole process; and not by
 * `import()`, which would first read all its files once more for the names that they export.
 */
const loadUnzipper = (): typeof import('unzipper') => createRequire(import.meta.url)('unzipper');

/** What unzipper makes of the archive whose end record begins at `end`. */
async function readDirectory(access: RandomAccess, end: number, range: RangeOptions): Promise<Directory> {
  const streams: Readable[] = [];
  // unzipper leaves a failing source unnoticed and waits for ever: so the failure is awaited beside it.
  let fail = (_: unknown): void => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const source = {
    size: async () => access.size,
    stream: (offset: number) => {
      const stream = Readable.from(access.read(offset, access.size, range), { objectMode: false });
      streams.push(stream.on('error', fail));
      return stream;
    },
  };
  const openCustom: OpenCustom = loadUnzipper().Open.custom;
  try {
    // It takes the first end signature of the tail for the end record: so the tail is the end record, no more.
    return await Promise.race([openCustom(source, { tailSize: access.size - end }), failed]);
  } finally {
    for (const stream of streams) stream.destroy();
  }
}

const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;

/** Where the end record begins: the last signature whose comment reaches exactly to the end; and the count of entries. */
async function findEnd(access: RandomAccess, range: RangeOptions): Promise<{ position: number; count: number }> {
  const start = Math.max(0, access.size - END_BYTES - LONGEST_COMMENT);
  const tail = await readAll(access, start, access.size, range);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== 0x06054b50 || at + END_BYTES + tail.readUInt16LE(at + 20) !== tail.length) continue;
    const disk = tail.readUInt16LE(at + 4);
    if (disk !== 0 && disk !== 0xffff) {
      throw new MillraceError('MILLRACE_BAD_ARCHIVE', 'This is one part of an archive in several files', {
        origin: range.origin,
        hint: 'Put it together first, with zip -s 0.',
      });
    }
    const position = start + at;
    const wide = await wideCount(access, position, range);
    return { position, count: wide ?? tail.readUInt16LE(at + 10) };
  }
  throw badDirectory(range.origin);
}

/** How many entries the zip64 end record promises, where there is one. */
async function wideCount(access: RandomAccess, end: number, range: RangeOptions): Promise<number | undefined> {
  if (end < LOCATOR_BYTES) return undefined;
  const locator = await readAll(access, end - LOCATOR_BYTES, end, range);
  if (locator.readUInt32LE(0) !== 0x07064b50) return undefined;
  const at = Number(locator.readBigUInt64LE(8));
  return Number((await readAll(access, at, at + 56, range)).readBigUInt64LE(32));
}

const LOCATOR_BYTES = 20;

/** Entries that share bytes are not made by any packer: with them 10 MB can hold 281 TB (Fifield 2019). */
function checkOverlap({ files, offsetToStartOfCentralDirectory }: Directory, origin: Origin): void {
  let end = 0;
  for (const file of files.toSorted((a, b) => a.offsetToLocalFileHeader - b.offsetToLocalFileHeader)) {
    // The local header may have an extra field of its own: the entry is so long at least.
    const start = file.offsetToLocalFileHeader;
    if (start < end) throw overlapping(origin, file);
    end = start + LOCAL_BYTES + file.fileNameLength + file.compressedSize;
    if (end > offsetToStartOfCentralDirectory) throw overlapping(origin, file);
  }
}

function overlapping(origin: Origin, { path }: DirectoryFile): MillraceError {
  return new MillraceError('MILLRACE_BAD_ARCHIVE', 'Entries of the archive share their bytes with something else', {
    origin,
    found: path,
    hint: 'It is damaged, or made to fill up memory and disks.',
  });
}

const LOCAL_BYTES = 30;

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
    name: decodeName(file.pathBuffer, (file.flags & 0x800) !== 0),
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
  readonly pathBuffer: Buffer;
  readonly type: 'Directory' | 'File';
}

interface Directory {
  readonly files: readonly DirectoryFile[];
  readonly sizeOfCentralDirectory: number;
  readonly offsetToStartOfCentralDirectory: number;
}

type OpenCustom = (
  source: { size: () => Promise<number>; stream: (offset: number) => Readable },
  options: { tailSize: number },
) => Promise<Directory>;
