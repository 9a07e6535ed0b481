/** Bytes out of zlib, in a lazy async generator that keeps the promises of `bytes.ts`. */
import { addAbortSignal } from 'node:stream';
import type { Gunzip, InflateRaw } from 'node:zlib';
import { MillraceError, type Origin } from '../pipeline/errors.ts';
import { BLOCK_BYTES, type ReadOptions } from './bytes.ts';

/** For zlib: blocks of our size. */
export const zlibOptions = { chunkSize: BLOCK_BYTES };

/**
 * What zlib makes of the chunks. It works in a thread of its own, at most one block ahead of the reader: while the
 * reader is busy with one block, the next one is being made.
 *
 * Behind the data there may be zeros, with which tapes and some programs fill up, and nothing else: zlib passes over what
 * does not begin like data, and with it over all that follows a single damaged bit.
 *
 * @throws MillraceError `MILLRACE_BAD_ARCHIVE` when the data is damaged, ends too early, or is followed by something
 */
export async function* inflate(
  chunks: AsyncIterable<Uint8Array>,
  codec: InflateRaw | Gunzip,
  origin: Origin,
  { signal }: ReadOptions = {},
): AsyncGenerator<Buffer, void> {
  signal?.throwIfAborted();
  if (signal) addAbortSignal(signal, codec);
  let failure: unknown;
  const feeding = feed(chunks, codec, origin).catch((error: Error) => {
    failure = error;
    codec.destroy(error);
  });
  try {
    yield* codec as AsyncIterable<Buffer>;
    await feeding;
    if (failure !== undefined) throw failure;
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

/** The next chunk is read while one is worked on, so that zlib need not wait for it. */
async function feed(chunks: AsyncIterable<Uint8Array>, codec: InflateRaw | Gunzip, origin: Origin): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    let fed = 0;
    for (let next = await iterator.next(); !next.done; ) {
      const chunk = next.value;
      fed += chunk.length;
      [next] = await Promise.all([iterator.next(), written(codec, chunk)]);
      // The reader has left, or what was read made no sense; a codec that has come to its end by itself is closed as well.
      if (codec.destroyed && !codec.readableEnded) return;
      const left = fed - codec.bytesWritten;
      if (left === 0) continue;
      // zlib has ended by itself, where its data ends.
      for (let rest = chunk.subarray(chunk.length - left); ; ) {
        if (rest.some((byte) => byte !== 0)) throw trailing(origin);
        if (next.done) return;
        rest = next.value;
        next = await iterator.next();
      }
    }
    codec.end();
  } finally {
    await iterator.return?.();
  }
}

function trailing(origin: Origin): MillraceError {
  return new MillraceError('MILLRACE_BAD_ARCHIVE', 'Something follows the compressed data', {
    origin,
    expected: 'the end, or zeros',
    hint: 'Fetch the file again.',
  });
}

/** When zlib has done with a chunk, or was closed. */
function written(codec: InflateRaw | Gunzip, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      codec.off('close', done);
      resolve();
    };
    codec.on('close', done);
    codec.write(chunk, done);
  });
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^Z_/.test(String(error.code));
}
