/** Opens what comes as a stream by what its first bytes say that it is: one way for files, standard input and downloads. */
import { createGunzip } from 'node:zlib';
import { MillraceError, type Origin } from '../pipeline/errors.ts';
import { Peekable, refuse } from './archives/peekable.ts';
import { readTar } from './archives/tar.ts';
import { unzstd } from './archives/zstd.ts';
import { type BlockOptions, type ReadOptions, toBlocks } from './bytes.ts';
import { inflate, zlibOptions } from './inflate.ts';
import { defaultLimits, type Limits, overLimit, RATIO_FROM } from './limits.ts';
import type { Block } from './records.ts';

export interface OpenOptions extends ReadOptions, BlockOptions {
  /** How much there may be to unpack; what is not given is as in {@link defaultLimits}. */
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * The bytes of a stream, block by block: of gzip and zstd what they unpack to, of a tar, packed or not, those of the
 * entries that a pattern means, of all else as they are.
 *
 * @param read opens what is to be read; its signal comes when no more is wanted
 * @param pattern an entry's name, or a glob; for archives alone
 * @param name how errors and records call the stream
 * @throws MillraceError `MILLRACE_USAGE` for a zip, whose table of contents is at its end: it must be a file;
 * `MILLRACE_BAD_ARCHIVE`, `MILLRACE_CHECKSUM`, `MILLRACE_LIMIT`, `MILLRACE_NOT_FOUND` as for a file
 */
export async function* openStream(
  read: (options: ReadOptions) => AsyncIterable<Uint8Array>,
  pattern: string | undefined,
  name: string,
  { signal, limits: given, lent }: OpenOptions = {},
): AsyncGenerator<Block, void> {
  const limits = { ...defaultLimits, ...given };
  const origin = { source: name };
  const enough = new AbortController();
  const source = new Peekable(read({ signal: AbortSignal.any([enough.signal, ...(signal ? [signal] : [])]) }));
  let bytes = source;
  try {
    const packed = await source.kind();
    let kind = packed;
    if (kind === 'zip') {
      throw new MillraceError('MILLRACE_USAGE', 'A zip archive cannot be read as a stream', {
        origin,
        hint: 'Save it to a file first, and name that file.',
      });
    }
    if (kind === 'gzip' || kind === 'zstd') {
      bytes = new Peekable(bounded(source, kind, limits, origin, { signal, enough }));
      const within = await bytes.kind();
      if (within !== 'plain' && within !== 'tar') refuse(within, `What the ${kind} holds`, origin);
      kind = within;
    }
    if (kind === 'tar') return yield* readTar(bytes, pattern, name, { signal, limits });
    if (kind !== 'plain') refuse(kind, 'This', origin);
    if (pattern !== undefined) {
      throw new MillraceError('MILLRACE_USAGE', `This is not an archive and has no entry "${pattern}"`, { origin });
    }
    // zstd goes on reading what it has given.
    yield* toBlocks(bytes === source ? bytes : oneEntry(bytes, limits, origin), origin, {
      lent: lent && packed !== 'zstd',
    });
  } finally {
    await bytes.return();
    await source.return();
  }
}

interface Unpacking extends ReadOptions {
  readonly enough: AbortController;
}

/** What is unpacked, as long as it is within the limits. */
async function* bounded(
  source: AsyncIterable<Uint8Array>,
  kind: 'gzip' | 'zstd',
  { totalBytes, ratio }: Limits,
  origin: Origin,
  { signal, enough }: Unpacking,
): AsyncGenerator<Uint8Array, void> {
  let packed = 0;
  const counted = (async function* () {
    for await (const chunk of source) {
      packed += chunk.length;
      yield chunk;
    }
  })();
  const unpack = () => {
    if (kind === 'zstd') return unzstd(counted, origin, { signal });
    const codec = createGunzip(zlibOptions);
    // zlib is fed ahead of the reader, and may wait for input that never comes when the reader has left. Where its data has
    // ended, what follows is still to be looked at.
    codec.once('close', () => codec.readableEnded || enough.abort());
    return inflate(counted, codec, origin, { signal });
  };
  let length = 0;
  for await (const chunk of unpack()) {
    length += chunk.length;
    if (length > totalBytes) throw overLimit('totalBytes', totalBytes, origin, 'more');
    if (length > RATIO_FROM && length > ratio * packed) {
      throw overLimit('ratio', ratio, origin, `${length} bytes out of ${packed} so far`);
    }
    yield chunk;
  }
}

async function* oneEntry(chunks: AsyncIterable<Uint8Array>, { entryBytes }: Limits, origin: Origin) {
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > entryBytes) throw overLimit('entryBytes', entryBytes, origin, 'more');
    yield chunk;
  }
}
