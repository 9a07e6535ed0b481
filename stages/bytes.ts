/**
 * Runs of bytes: read from a file or standard input, and marked with where they came from.
 *
 * Everything here is a lazy async generator. It opens nothing until it is iterated, closes what it opened when it ends,
 * fails or is returned from early, and yields memory that is never written again, so a reader may keep it; unless it says
 * that it does not (`lent`).
 */

import { type FileHandle, open } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { MillraceError, type Origin } from '../pipeline/errors.ts';
import { closeRead } from '../pipeline/files/close-read.ts';
import { giveBack } from './give-back.ts';
import type { Block } from './records.ts';

export interface ReadOptions {
  /** Ends the reading, even one that is under way: the iteration then throws `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

export interface BlockOptions {
  /** Whether the reader has done with each block when it asks for the next, whose memory is then taken back. Default false. */
  readonly lent?: boolean | undefined;
}

/** The largest block, in bytes. zlib's default of 16 KiB costs five sixths of the speed. */
export const BLOCK_BYTES = 1 << 21;

/**
 * Gives chunks their origin. The last block is empty: it is sent when all checks have passed, so a reader who has seen
 * `last` knows that the bytes before it were whole, and no block has to wait for the next one to know that it is not
 * the last (which matters to someone who types line by line).
 *
 * @param options only for chunks that whoever makes them has done with, too, when the next is asked for
 */
export async function* toBlocks(
  chunks: AsyncIterable<Uint8Array>,
  origin: Origin,
  { lent = false }: BlockOptions = {},
): AsyncGenerator<Block, void> {
  for await (const bytes of chunks) {
    const { buffer, byteOffset, byteLength } = bytes;
    yield { bytes, origin, last: false };
    // zlib, and who reads a file, fill memory of this size with one chunk after the other: the last one ends where it ends.
    const isFull = buffer.byteLength === BLOCK_BYTES && byteOffset + byteLength === BLOCK_BYTES;
    if (lent && isFull && buffer instanceof ArrayBuffer) giveBack(buffer);
  }
  yield { bytes: new Uint8Array(0), origin, last: true };
}

/**
 * The bytes of a file, up to {@link BLOCK_BYTES} at a time; of a pipe or a device as they come.
 *
 * @throws MillraceError `MILLRACE_NOT_FOUND` when there is no such file, or it cannot be read
 */
export async function* readFile(path: string, { signal }: ReadOptions = {}): AsyncGenerator<Uint8Array, void> {
  const handle = await openFile(path, signal);
  let regular = true;
  try {
    regular = (await handle.stat()).isFile();
    let buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    let used = 0;
    for (;;) {
      const { bytesRead } = await unlessAborted(() => handle.read(buffer, used, buffer.length - used, null), signal);
      if (bytesRead === 0) return;
      const bytes = buffer.subarray(used, used + bytesRead);
      used += bytesRead;
      yield bytes;
      // A pipe gives little at a time: those pieces share a buffer, each byte of which is still written only once.
      if (BLOCK_BYTES - used < BLOCK_BYTES / 16) {
        buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
        used = 0;
      }
    }
  } catch (error) {
    throw fileError(error, path);
  } finally {
    const closed = closeRead(handle);
    // To close waits for a read that is under way, and from a pipe that one may never end.
    if (regular) await closed;
  }
}

/**
 * The bytes of standard input, as they come.
 *
 * @throws MillraceError `MILLRACE_USAGE` when they have been read before: whoever comes second would find nothing
 */
export async function* readStdin({ signal }: ReadOptions = {}): AsyncGenerator<Uint8Array, void> {
  signal?.throwIfAborted();
  const { stdin } = process;
  if (stdin.readableDidRead) {
    throw new MillraceError('MILLRACE_USAGE', 'Standard input can be read only once', {
      origin: { source: '-' },
      hint: 'Save it in a file, and give that as the source.',
    });
  }
  if (signal) addAbortSignal(signal, stdin);
  try {
    yield* stdin as AsyncIterable<Buffer>;
  } catch (error) {
    signal?.throwIfAborted();
    throw fileError(error, 'standard input');
  }
}

/** Opens a file for reading; the caller closes it. Errors as for {@link readFile}. */
export async function openFile(path: string, signal?: AbortSignal): Promise<FileHandle> {
  signal?.throwIfAborted();
  const opening = open(path);
  try {
    return await unlessAborted(() => opening, signal);
  } catch (error) {
    // To open a named pipe waits for its writer: who has left by then must not leave the handle behind.
    opening.then(closeRead, () => {});
    throw fileError(error, path);
  }
}

/** What the file system said, as one of our errors; all other errors stay as they are. */
export function fileError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (error instanceof MillraceError || typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return error;
  const why = code === 'ENOENT' ? 'There is no such file' : 'This cannot be read as a file';
  return new MillraceError('MILLRACE_NOT_FOUND', why, {
    origin: { source: path },
    ...(code === 'ENOENT' ? {} : { found: code }),
    cause: error,
  });
}

/** The result of `work`, or `signal.reason` thrown as soon as the signal comes. */
export async function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  signal?.throwIfAborted();
  if (!signal) return work();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
