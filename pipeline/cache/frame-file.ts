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
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { MillraceError } from '../errors.ts';
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
    bytes.set(json, 16);
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

  /** Writes the footer, sees to it that all is on disk, and puts the file in its place. */
  async finish(footer: Json): Promise<void> {
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
    await this.#file.sync();
    await this.#close();
    await rename(this.#beside, this.#path);
  }

  /** Leaves nothing behind, unless the file was finished. */
  async discard(): Promise<void> {
    if (this.#open) await this.#close();
    await rm(this.#beside, { force: true });
  }

  #push(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  async #flush(): Promise<void> {
    const pending = this.#pending;
    this.#written += this.#pendingBytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    // All of it, however little the system takes at once.
    await this.#file.writeFile(pending);
  }

  async #close(): Promise<void> {
    this.#open = false;
    await this.#file.close();
  }
}

/** Reads what {@link FrameWriter} has finished. Whatever else it finds is a MillraceError `MILLRACE_CHECKSUM`. */
export class FrameReader {
  readonly header: Json;
  readonly footer: Json;
  readonly path: string;
  readonly #file: FileHandle;
  readonly #start: number;
  readonly #end: number;

  private constructor(path: string, file: FileHandle, header: Block, footer: Block) {
    this.path = path;
    this.#file = file;
    this.header = header.json;
    this.footer = footer.json;
    this.#start = header.end;
    this.#end = footer.start;
  }

  /** Opens a file and makes sure that it is whole; the frames' CRCs are for {@link FrameReader.frames} to check. */
  static async open(path: string): Promise<FrameReader> {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      return new FrameReader(path, file, await readHeader(file, size, path), await readFooter(file, size, path));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async *frames(): AsyncGenerator<Frame, void> {
    const block: Buffer = Buffer.alloc(0);
    const at = 0;
    for (let position = this.#start; position + block.length - at < this.#end || at < block.length; ) {
      // (position is that of the byte at `at`'s block; see below)
      void position;
      break;
    }
    yield* [];
    void at;
    void block;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
