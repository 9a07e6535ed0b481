/**
 * A file of frames: written once from front to back, read the same way, and never taken for whole when it is not.
 *
 *     "MILLRACE"                                          8 bytes
 *     header   CRC-32, length (u32 each), JSON            the length is that of the JSON
 *     frame    CRC-32, length, rows, length of the JSON (u32 each), JSON, parts
 *     ...                                                 the first length is that of the whole frame
 *     footer   JSON
 *     trailer  CRC-32, length (u32 each), offset of the footer (u64), "COMPLETE"
 *
 * Numbers are little-endian. Everything, each part of a frame too, begins at a multiple of 8 bytes, with zeros before
 * it; so a part can be taken for an array of numbers where it lies in a buffer that was read. A CRC covers what follows
 * it in its header, frame or trailer; the trailer's, which ends the file, begins with the footer.
 */
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { MillraceError } from '../errors.ts';
import { closeRead } from '../files/close-read.ts';
import { syncFolder } from '../files/durable.ts';
import { giveUp } from '../files/own-name.ts';
import { readFully } from '../files/read-fully.ts';
import type { Json } from '../state.ts';

/** Rows of data that travel together: some JSON and the bytes that it speaks of. */
export interface Frame {
  readonly rows: number;
  readonly meta: Json;
  readonly parts: readonly Uint8Array[];
}

const MAGIC = Buffer.from('MILLRACE');
const COMPLETE = Buffer.from('COMPLETE');
const ALIGNMENT = 8;
const HEADER_FIELDS = 8;
const FRAME_FIELDS = 16;
const TRAILER_BYTES = 24;
/** What is read or written at once, in bytes. */
const BLOCK_BYTES = 1 << 20;

/** Writes a file beside its place; it gets there when it is whole. */
export class FrameWriter {
  readonly #path: string;
  readonly #beside: string;
  readonly #file: FileHandle;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #written = 0;
  #open = true;

  private constructor(path: string, beside: string, file: FileHandle) {
    this.#path = path;
    this.#beside = beside;
    this.#file = file;
  }

  /** @param beside a name that nobody else writes to, in the same folder */
  static async create(path: string, beside: string, header: Json): Promise<FrameWriter> {
    const writer = new FrameWriter(path, beside, await open(beside, 'wx'));
    const json = Buffer.from(JSON.stringify(header));
    const bytes = Buffer.alloc(aligned(MAGIC.length + HEADER_FIELDS + json.length));
    bytes.set(MAGIC);
    bytes.writeUInt32LE(json.length, 12);
    bytes.set(json, MAGIC.length + HEADER_FIELDS);
    bytes.writeUInt32LE(crc32(bytes.subarray(12)), 8);
    writer.#push(bytes);
    return writer;
  }

  /** The frame is copied: who wrote it may go on to change its bytes. */
  async write({ rows, meta, parts }: Frame): Promise<void> {
    const json = Buffer.from(JSON.stringify([meta, parts.map((part) => part.byteLength)]));
    let length = aligned(FRAME_FIELDS + json.length);
    for (const part of parts) length += aligned(part.byteLength);
    const bytes = Buffer.alloc(length);
    bytes.writeUInt32LE(length, 4);
    bytes.writeUInt32LE(rows, 8);
    bytes.writeUInt32LE(json.length, 12);
    bytes.set(json, FRAME_FIELDS);
    let at = aligned(FRAME_FIELDS + json.length);
    for (const part of parts) {
      bytes.set(part, at);
      at += aligned(part.byteLength);
    }
    bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
    this.#push(bytes);
    if (this.#pendingBytes >= BLOCK_BYTES) await this.#flush();
  }

  /**
   * Writes the footer, sees to it that all is on disk, and puts the file in its place.
   *
   * @param options `lasting`: whether the file is to outlive this run; for another one nobody need wait for the disk
   */
  async finish(footer: Json, { lasting = true } = {}): Promise<void> {
    const json = Buffer.from(JSON.stringify(footer));
    const length = aligned(json.length);
    const bytes = Buffer.alloc(length + TRAILER_BYTES);
    bytes.set(json);
    bytes.writeUInt32LE(json.length, length + 4);
    bytes.writeBigUInt64LE(BigInt(this.#written + this.#pendingBytes), length + 8);
    bytes.set(COMPLETE, length + 16);
    bytes.writeUInt32LE(trailerCrc(bytes, length), length);
    this.#push(bytes);
    await this.#flush();
    if (lasting) await this.#file.sync();
    await this.#close();
    await rename(this.#beside, this.#path);
    if (lasting) await syncFolder(dirname(this.#path));
  }

  /** Leaves nothing behind, unless the file was finished. */
  async discard(): Promise<void> {
    // What is thrown away need not have been kept.
    if (this.#open) await this.#close().catch(() => {});
    await giveUp(this.#beside);
  }

  #push(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pending);
    this.#written += bytes.length;
    this.#pending = [];
    this.#pendingBytes = 0;
    await this.#file.appendFile(bytes);
  }

  async #close(): Promise<void> {
    this.#open = false;
    await this.#file.close();
  }
}

/** Reads what {@link FrameWriter} has finished; all else is refused with a MillraceError `MILLRACE_CHECKSUM`. */
export class FrameReader {
  readonly path: string;
  readonly header: Json;
  readonly footer: Json;
  readonly #file: FileHandle;
  readonly #start: number;
  readonly #end: number;

  private constructor(path: string, file: FileHandle, header: Ending, footer: Ending) {
    this.path = path;
    this.#file = file;
    this.header = header.json;
    this.footer = footer.json;
    this.#start = header.offset;
    this.#end = footer.offset;
  }

  /** Opens a file and makes sure that it was finished. The frames are only checked when they are read. */
  static async open(path: string): Promise<FrameReader> {
    const file = await open(path);
    try {
      return new FrameReader(path, file, await readHeader(file, path), await readFooter(file, path));
    } catch (error) {
      await closeRead(file);
      throw error;
    }
  }

  /** The frames in order. Their parts lie in memory that nobody writes to, and begin at multiples of 8 bytes. */
  async *frames(): AsyncGenerator<Frame, void> {
    // The beginning of a frame whose end has not been read.
    let rest: Buffer = Buffer.alloc(0);
    for (let position = this.#start; position < this.#end; ) {
      const missing = rest.length < FRAME_FIELDS ? 0 : rest.readUInt32LE(4) - rest.length;
      const size = Math.min(Math.max(BLOCK_BYTES, missing), this.#end - position);
      const block = Buffer.allocUnsafeSlow(rest.length + size);
      block.set(rest);
      await fill(this.#file, block.subarray(rest.length), position, this.path);
      position += size;
      let at = 0;
      while (block.length - at >= FRAME_FIELDS) {
        const length = block.readUInt32LE(at + 4);
        const possible = length % ALIGNMENT === 0 && length >= FRAME_FIELDS;
        if (!possible || length > block.length - at + this.#end - position) throw damaged(this.path);
        if (length > block.length - at) break;
        yield readFrame(block.subarray(at, at + length), this.path);
        at += length;
      }
      rest = block.subarray(at);
    }
    if (rest.length > 0) throw damaged(this.path);
  }

  async close(): Promise<void> {
    await closeRead(this.#file);
  }
}

/** The JSON at one end of the file, and where the frames begin or end. */
interface Ending {
  readonly json: Json;
  readonly offset: number;
}

async function readHeader(file: FileHandle, path: string): Promise<Ending> {
  const fields = await read(file, 0, MAGIC.length + HEADER_FIELDS, path);
  const end = fields.length + fields.readUInt32LE(12);
  if (!fields.subarray(0, MAGIC.length).equals(MAGIC) || end > (await file.stat()).size) throw damaged(path);
  const bytes = await read(file, 0, aligned(end), path);
  if (crc32(bytes.subarray(12)) !== bytes.readUInt32LE(8)) throw damaged(path);
  return { json: JSON.parse(bytes.toString('utf8', fields.length, end)), offset: bytes.length };
}

async function readFooter(file: FileHandle, path: string): Promise<Ending> {
  const { size } = await file.stat();
  if (size < TRAILER_BYTES) throw damaged(path);
  const trailer = await read(file, size - TRAILER_BYTES, size, path);
  const length = trailer.readUInt32LE(4);
  const offset = Number(trailer.readBigUInt64LE(8));
  const whole = offset + aligned(length) + TRAILER_BYTES === size && offset % ALIGNMENT === 0;
  if (!whole || !trailer.subarray(16).equals(COMPLETE)) throw damaged(path);
  const bytes = await read(file, offset, size, path);
  if (trailerCrc(bytes, bytes.length - TRAILER_BYTES) !== trailer.readUInt32LE(0)) throw damaged(path);
  return { json: JSON.parse(bytes.toString('utf8', 0, length)), offset };
}

function readFrame(bytes: Buffer, path: string): Frame {
  if (crc32(bytes.subarray(4)) !== bytes.readUInt32LE(0)) throw damaged(path);
  const end = FRAME_FIELDS + bytes.readUInt32LE(12);
  const [meta, sizes] = JSON.parse(bytes.toString('utf8', FRAME_FIELDS, end)) as [Json, number[]];
  let at = aligned(end);
  const parts = sizes.map((size) => {
    const part = new Uint8Array(bytes.buffer, bytes.byteOffset + at, size);
    at += aligned(size);
    return part;
  });
  return { rows: bytes.readUInt32LE(8), meta, parts };
}

function trailerCrc(bytes: Buffer, trailer: number): number {
  return crc32(bytes.subarray(trailer + 4), crc32(bytes.subarray(0, trailer)));
}

async function read(file: FileHandle, start: number, end: number, path: string): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(end - start);
  await fill(file, bytes, start, path);
  return bytes;
}

async function fill(file: FileHandle, bytes: Buffer, position: number, path: string): Promise<void> {
  if ((await readFully(file, bytes, position)) < bytes.length) throw damaged(path);
}

function damaged(path: string): MillraceError {
  return new MillraceError('MILLRACE_CHECKSUM', 'The cache file is damaged or was not finished', {
    origin: { source: path },
    hint: 'Remove it with `millrace cache rm`; it is made again when it is needed.',
  });
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
