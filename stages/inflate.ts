/** Bytes out of zlib, in a lazy async generator that keeps the promises of `bytes.ts`. */
import { addAbortSignal } from 'node:stream';
import { createGunzip, type Gunzip, type InflateRaw } from 'node:zlib';
import { MillraceError, type Origin } from '../pipeline/errors.ts';
import { BLOCK_BYTES, type ReadOptions } from './bytes.ts';

/** For zlib: blocks of our size, and the next input at hand when it has done with one. */
export const zlibOptions = { chunkSize: BLOCK_BYTES, writableHighWaterMark: 2 * BLOCK_BYTES };

/**
 * What zlib makes of the chunks. It works in a thread of its own, at most one block ahead of the reader: while the
 * reader is busy with one block, the next one is being made.
 *
 * @throws MillraceError `MILLRACE_BAD_ARCHIVE` when the data is damaged or ends too early
 */
export async function* inflate(
  chunks: AsyncIterable<Uint8Array>,
  codec: InflateRaw | Gunzip,
  origin: Origin,
  { signal }: ReadOptions = {},
): AsyncGenerator<Buffer, void> {
  signal?.throwIfAborted();
  if (signal) addAbortSignal(signal, codec);
  const feeding = feed(chunks, codec).catch((error: Error) => {
    codec.destroy(error);
  });
  try {
    yield* codec as AsyncIterable<Buffer>;
  } catch (error) {
    signal?.throwIfAborted();
    if (!isZlibError(error)) throw error;
    throw new MillraceError('MILLRACE_BAD_ARCHIVE', 'The compressed data is damaged or ends too early', {
      origin,
      found: error.message,
      hint: 'Fetch the file again.',
      cause: error,
    });
  } finally {
    codec.destroy();
    await feeding;
  }
}

/**
 * Opens gzip (one member or several) if that is what comes, known by its first two bytes, and hands on all else.
 *
 * @param read opens what is to be read; its signal comes when no more is wanted
 * @throws MillraceError `MILLRACE_USAGE` for a zip, whose table of contents is at its end: it must be a file
 */
export async function* gunzipIfGzip(
  read: (options: ReadOptions) => AsyncIterable<Uint8Array>,
  origin: Origin,
  { signal }: ReadOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const enough = new AbortController();
  const iterator = read({ signal: AbortSignal.any([enough.signal, ...(signal ? [signal] : [])]) })[
    Symbol.asyncIterator
  ]();
  let head: Uint8Array = new Uint8Array(0);
  async function* all() {
    if (head.length > 0) yield head;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  }
  try {
    while (head.length < MAGIC_BYTES) {
      const next = await iterator.next();
      if (next.done) break;
      head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
    }
    if (isZip(head)) {
      throw new MillraceError('MILLRACE_USAGE', 'A zip archive cannot be read as a stream', {
        origin,
        hint: 'Save it to a file first, and name that file.',
      });
    }
    if (!isGzip(head)) return yield* all();
    const codec = createGunzip(zlibOptions);
    // zlib is fed ahead of the reader, and may wait for input that never comes when the reader has left.
    codec.once('close', () => enough.abort());
    yield* inflate(all(), codec, origin, { signal });
  } finally {
    await iterator.return?.();
  }
}

/** How many bytes the `is...` checks look at. */
export const MAGIC_BYTES = 4;

/** Whether a file that begins so is a zip: with a local header, or with the end record of an empty archive. */
export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && ((head[2] === 3 && head[3] === 4) || (head[2] === 5 && head[3] === 6));
}

function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

async function feed(chunks: AsyncIterable<Uint8Array>, codec: InflateRaw | Gunzip): Promise<void> {
  for await (const chunk of chunks) {
    // zlib ends by itself where its data ends, whatever follows, and then never asks for more.
    if (codec.destroyed || codec.readableEnded) return;
    if (!codec.write(chunk)) await drained(codec);
  }
  codec.end();
}

function drained(codec: InflateRaw | Gunzip): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      codec.off('drain', done).off('close', done);
      resolve();
    };
    codec.on('drain', done).on('close', done);
  });
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^Z_/.test(String(error.code));
}
