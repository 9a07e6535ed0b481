/** Bytes that can be read from any place on, as archives need it: those of a file, or of what somebody else opens. */
import type { FileHandle } from 'node:fs/promises';
import { MillraceError, type Origin } from '../pipeline/errors.ts';
import { closeRead } from '../pipeline/files/close-read.ts';
import { BLOCK_BYTES, fileError, openFile, type ReadOptions, unlessAborted } from './bytes.ts';

/** Something open whose bytes can be read from any place on; whoever opened it closes it. */
export interface RandomAccess {
  /** In bytes. */
  readonly size: number;
  /**
   * Bytes `start` (inclusive) to `end` (exclusive), all of them, in pieces of at most {@link BLOCK_BYTES} whose memory is
   * never written again. Nothing is read before the first piece is asked for; several readings may be under way at once.
   *
   * @param options the signal, and the origin for errors
   * @throws MillraceError `MILLRACE_BAD_ARCHIVE` when there are fewer bytes
   */
  read(start: number, end: number, options: RangeOptions): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export interface RangeOptions extends ReadOptions {
  readonly origin: Origin;
}

/** What can be opened so, again and again: a file, or an archive on a server. */
export interface RandomAccessSource {
  /** How errors and records call it. */
  readonly name: string;
  /** The caller closes what it gets. */
  open(options: ReadOptions): Promise<RandomAccess>;
}

/**
 * The file at a path. To open it throws `MILLRACE_NOT_FOUND` when there is no such file, or it cannot be read.
 *
 * @param name how errors and records call it
 */
export function fileAt(path: string, name: string = path): RandomAccessSource {
  return {
    name,
    async open({ signal }) {
      const handle = await openFile(path, signal);
      try {
        const { size } = await handle.stat();
        return {
          size,
          read: (start, end, options) => readRange(handle, path, start, end, options),
          close: () => closeRead(handle),
        };
      } catch (error) {
        await closeRead(handle);
        throw fileError(error, path);
      }
    },
  };
}

/** The bytes of a short range, in one piece. */
export async function readAll(
  access: RandomAccess,
  start: number,
  end: number,
  options: RangeOptions,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of access.read(start, end, options)) parts.push(part);
  return Buffer.concat(parts);
}

async function* readRange(
  handle: FileHandle,
  path: string,
  start: number,
  end: number,
  { signal, origin }: RangeOptions,
): AsyncGenerator<Uint8Array, void> {
  try {
    for (let position = start; position < end; ) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, end - position));
      const { bytesRead } = await unlessAborted(() => handle.read(buffer, 0, buffer.length, position), signal);
      if (bytesRead === 0) {
        throw new MillraceError('MILLRACE_BAD_ARCHIVE', 'The file ends too early', {
          origin,
          expected: `${end} bytes or more`,
          found: position,
        });
      }
      yield buffer.subarray(0, bytesRead);
      position += bytesRead;
    }
  } catch (error) {
    throw fileError(error, path);
  }
}
