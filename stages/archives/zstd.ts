/**
 * Zstandard (RFC 8878). The package fzstd unpacks the blocks; the frames around them are read here, as it checks neither
 * their checksums nor that they are whole, and takes as much memory for the window as a header asks for.
 */
import { MillraceError, type Origin } from '../../pipeline/errors.ts';
import type { ReadOptions } from '../bytes.ts';
import { ByteReader } from './byte-reader.ts';
import { hasEndlessWeights } from './zstd-weights.ts';

/** The farthest that fzstd looks back. `zstd` stays below up to level 19; --ultra and --long go beyond. */
const LARGEST_WINDOW = 2 ** 25;

const LARGEST_BLOCK = 2 ** 17;

/** The half of an XXH64 that is kept as a checksum. */
const LOW_32 = 0xffffffffn;

/**
 * The bytes that frames, one or several, unpack to, a block (128 KiB at most) at a time. The last piece of a frame comes
 * when its length and checksum, where it has them, have been found right.
 *
 * @param chunks whoever opened it closes it
 * @throws MillraceError `MILLRACE_BAD_ARCHIVE` when the data is damaged, ends too early or needs a dictionary or a
 * larger window, `MILLRACE_CHECKSUM` when it is not what was packed
 */
export async function* unzstd(
  chunks: AsyncIterator<Uint8Array>,
  origin: Origin,
  { signal }: ReadOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const reader = new ByteReader(chunks, signal);
  const packages = await load();
  for (;;) {
    const magic = await reader.take(4);
    if (magic.length === 0) return;
    if (magic.length === 4 && magic.readUInt32LE() === 0xfd2fb528) yield* frame(reader, magic, packages, origin);
    else if (magic.length === 4 && magic.readUInt32LE() >>> 4 === 0x184d2a5) await skip(reader, origin);
    else throw damaged(origin, 'what is no frame');
  }
}

type Packages = Awaited<ReturnType<typeof load>>;

/** Loaded on first use, since a run without any zstd need not wait for them. */
async function load() {
  const [{ Decompress }, { default: xxhash }] = await Promise.all([import('fzstd'), import('xxhash-wasm')]);
  const { create64 } = await xxhash();
  return { Decompress, create64 };
}

/** Hands on what a frame holds but for its last piece, which waits for the checksum. */
async function* frame(reader: ByteReader, magic: Buffer, { Decompress, create64 }: Packages, origin: Origin) {
  const { bytes: header, size, checked } = await frameHeader(reader, magic, origin);
  const hash = create64();
  let length = 0;
  let pieces: Uint8Array[] = [];
  const blocks = new Decompress((piece) => pieces.push(piece));
  for (let before = header; ; before = Buffer.alloc(0)) {
    const block = await nextBlock(reader, origin);
    if (hasEndlessWeights(block)) throw damaged(origin, 'a Huffman table of no use');
    const last = (block[0]! & 1) !== 0;
    const sum = last && checked ? await exactly(reader, 4, origin) : Buffer.alloc(0);
    try {
      blocks.push(Buffer.concat([before, block, sum]), last);
    } catch (cause) {
      throw damaged(origin, cause instanceof Error ? cause.message : 'a damaged block', cause);
    }
    for (const piece of pieces) {
      hash.update(piece);
      length += piece.length;
    }
    if (
      last &&
      ((size !== undefined && length !== size) || (checked && Number(hash.digest() & LOW_32) !== sum.readUInt32LE()))
    ) {
      throw new MillraceError('MILLRACE_CHECKSUM', 'The compressed data is not what was packed', {
        origin,
        expected: size === undefined ? 'data with the checksum that is behind it' : `${size} bytes with their checksum`,
        found: `${length} bytes`,
        hint: 'Fetch the file again.',
      });
    }
    for (const piece of pieces) if (piece.length > 0) yield piece;
    if (last) return;
    pieces = [];
  }
}

/** The header of a frame: whether a checksum follows the data, and how long the data is, if it says so. */
async function frameHeader(reader: ByteReader, magic: Buffer, origin: Origin) {
  const descriptor = await exactly(reader, 1, origin);
  const flags = descriptor[0]!;
  const single = (flags & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3]!;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][flags >> 6]!;
  const rest = await exactly(reader, (single ? 0 : 1) + dictionaryBytes + sizeBytes, origin);
  if (flags & 8) throw damaged(origin, 'a header of a later version');
  const dictionary = rest.subarray(rest.length - sizeBytes - dictionaryBytes, rest.length - sizeBytes);
  if (dictionary.some((byte) => byte !== 0)) throw unreadable(origin, 'a dictionary that is elsewhere');
  const size = sizeBytes === 0 ? undefined : readSize(rest.subarray(rest.length - sizeBytes));
  const window = single ? size! : 2 ** (10 + (rest[0]! >> 3)) * (1 + (rest[0]! & 7) / 8);
  if (window > LARGEST_WINDOW) throw unreadable(origin, `a window of ${window} bytes`);
  return { bytes: Buffer.concat([magic, descriptor, rest]), size, checked: (flags & 4) !== 0 };
}

function readSize(field: Buffer): number {
  if (field.length === 8) return Number(field.readBigUInt64LE());
  return field.readUIntLE(0, field.length) + (field.length === 2 ? 256 : 0);
}

/** A block with its header, whose first bit says whether it is the last. */
async function nextBlock(reader: ByteReader, origin: Origin): Promise<Buffer> {
  const header = await exactly(reader, 3, origin);
  const kind = (header[0]! >> 1) & 3;
  const size = header.readUIntLE(0, 3) >> 3;
  if (kind === 3 || size > LARGEST_BLOCK) throw damaged(origin, 'a block of no kind');
  // One byte, repeated, is a block of kind 1.
  return Buffer.concat([header, await exactly(reader, kind === 1 ? 1 : size, origin)]);
}

async function skip(reader: ByteReader, origin: Origin): Promise<void> {
  const size = (await exactly(reader, 4, origin)).readUInt32LE();
  const end = reader.position + size;
  for await (const _ of reader.pieces(size));
  if (reader.position < end) throw damaged(origin, 'the end of the file');
}

async function exactly(reader: ByteReader, length: number, origin: Origin): Promise<Buffer> {
  const bytes = await reader.take(length);
  if (bytes.length < length) throw damaged(origin, 'the end of the file');
  return bytes;
}

function damaged(origin: Origin, found: string, cause?: unknown): MillraceError {
  return new MillraceError('MILLRACE_BAD_ARCHIVE', 'The compressed data is damaged or ends too early', {
    origin,
    found,
    hint: 'Fetch the file again.',
    cause,
  });
}

function unreadable(origin: Origin, needed: string): MillraceError {
  return new MillraceError('MILLRACE_BAD_ARCHIVE', `To unpack this takes ${needed}`, {
    origin,
    expected: `a window of ${LARGEST_WINDOW} bytes or less, and no dictionary`,
    hint: 'Unpack it first, with zstd -d --long=31.',
  });
}
