/**
 * The beginning of a file that is being downloaded, which outlives the process: the bytes, and beside them what is known
 * of them.
 *
 * What the description calls flushed had reached the disk before it was written: it may lag behind the bytes, never
 * lead. All else of the bytes is cut off when a part is taken up again, as nobody knows whether a crash has left zeros
 * there. There is one part for each URL, so what nobody takes up again is not much.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { readFully } from '../../pipeline/files/read-fully.ts';
import { readFile as readBytes } from '../bytes.ts';
import type { Version } from '../http/answer.ts';

/** What is known of a part. Sizes are in bytes. */
export interface PartDescription extends Version {
  readonly url: string;
  /** Of the whole file, if the server told it. */
  readonly total?: number;
  readonly flushed: number;
}

/** Bytes that may be lost in a crash; below this it is not worth to wait for a disk. */
const FLUSH_BYTES = 1 << 20;

export class Part {
  readonly path: string;
  readonly url: string;
  #file: FileHandle;
  #version: Version = {};
  #total: number | undefined;
  #size = 0;
  #flushed = 0;
  #hash = createHash('sha256');
  #flushing: Promise<void> | undefined;
  #flushError: unknown;

  private constructor(path: string, url: string, file: FileHandle) {
    this.path = path;
    this.url = url;
    this.#file = file;
  }

  /**
   * Takes up the part that is there, or begins one.
   *
   * The bytes that are there are read again, since Node cannot write down how far a hash is: a second or two for a
   * gigabyte.
   */
  static async open(path: string, url: string, signal?: AbortSignal): Promise<Part> {
    const known = await describe(path, url);
    const part = new Part(path, url, await open(path, constants.O_RDWR | constants.O_CREAT));
    try {
      if (known && (await part.#file.stat()).size >= known.flushed) await part.#takeUp(known, signal);
      else await part.#file.truncate(0);
      return part;
    } catch (error) {
      await part.#file.close();
      throw error;
    }
  }

  async #takeUp({ url: _, flushed, total, ...version }: PartDescription, signal?: AbortSignal): Promise<void> {
    await this.#file.truncate(flushed);
    for await (const bytes of readBytes(this.path, { signal })) this.#hash.update(bytes);
    this.#version = version;
    this.#total = total;
    this.#size = flushed;
    this.#flushed = flushed;
  }

  get version(): Version {
    return this.#version;
  }

  get size(): number {
    return this.#size;
  }

  /** Of the whole file, if the server told it. */
  get total(): number | undefined {
    return this.#total;
  }

  set total(total: number | undefined) {
    this.#total = total;
  }

  /** The SHA-256 of the bytes so far, in hexadecimal. */
  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /**
   * Begins again, with another version of the file or the same. In another file of the same name: who reads the bytes
   * that were here goes on reading those.
   */
  async restart(version: Version, total: number | undefined): Promise<void> {
    await this.#flushing;
    // First the description, so that it never tells of more than there is.
    await rm(descriptionOf(this.path), { force: true });
    await this.#file.close();
    await rm(this.path, { force: true });
    this.#file = await open(this.path, 'w+');
    this.#version = version;
    this.#total = total;
    this.#size = 0;
    this.#flushed = 0;
    this.#hash = createHash('sha256');
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.#flushError) throw this.#flushError;
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#size + done);
      done += bytesWritten;
    }
    this.#hash.update(bytes);
    this.#size += bytes.length;
    if (!this.#flushing && this.#size - this.#flushed >= FLUSH_BYTES) this.#flushAside();
  }

  /** The first bytes, at most so many. */
  async head(length: number): Promise<Uint8Array> {
    const head = Buffer.alloc(Math.min(length, this.#size));
    await readFully(this.#file, head, 0);
    return head;
  }

  /** Waits until all is on the disk, with its description. */
  async flush(): Promise<void> {
    await this.#flushing;
    if (this.#flushError) throw this.#flushError;
    await this.#flushOnce();
  }

  /** Keeps what is there for the next time, as far as the disk lets us. */
  async close(): Promise<void> {
    await this.#flushing;
    // A full disk has been told of; the description then lags behind, as it may.
    if (this.#size > this.#flushed) await this.#flushOnce().catch(() => {});
    await this.#file.close();
    if (this.#size > 0) return;
    await forgetPart(this.path);
    await rm(this.path, { force: true });
  }

  /** Removes it; it is still to be closed. */
  async discard(): Promise<void> {
    // An empty one goes when it is closed.
    await this.restart({}, undefined);
  }

  /** Goes on while more is received: a disk may take its time. */
  #flushAside(): void {
    this.#flushing = this.#flushOnce()
      .catch((error: unknown) => {
        this.#flushError = error;
      })
      .finally(() => {
        this.#flushing = undefined;
      });
  }

  async #flushOnce(): Promise<void> {
    const flushed = this.#size;
    await this.#file.datasync();
    const description: PartDescription = {
      url: this.url,
      ...this.#version,
      ...(this.#total !== undefined && { total: this.#total }),
      flushed,
    };
    // Not itself flushed: half a description, after a crash, is none.
    const path = descriptionOf(this.path);
    await writeFile(`${path}.tmp`, JSON.stringify(description));
    await rename(`${path}.tmp`, path);
    this.#flushed = flushed;
  }
}

/** Whether a part is all there: the process ended before it could be put in its place. */
export async function isWholePart(path: string, url: string): Promise<boolean> {
  const known = await describe(path, url);
  return known !== undefined && known.flushed === known.total;
}

/** Removes the description of a part that has been put in its place, or that holds nothing. */
export async function forgetPart(path: string): Promise<void> {
  await rm(descriptionOf(path), { force: true });
}

function descriptionOf(path: string): string {
  return `${path}.json`;
}

async function describe(path: string, url: string): Promise<PartDescription | undefined> {
  try {
    const known = JSON.parse(await readFile(descriptionOf(path), 'utf8')) as PartDescription;
    return known.url === url && Number.isSafeInteger(known.flushed) ? known : undefined;
  } catch {
    // None, or half a one.
    return undefined;
  }
}
