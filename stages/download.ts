/**
 * Downloads, kept in a cache folder: a URL is fetched once, and asked about again each time it is opened.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ReadOptions } from './bytes.ts';
import { Arrival } from './download/arrival.ts';
import { isExpected } from './download/checksum.ts';
import { Claim } from './download/claim.ts';
import { type Copy, keepCopy, pathOfCopy, readCopy } from './download/copy.ts';
import { diskError } from './download/disk-error.ts';
import type { DownloadOptions } from './download/options.ts';
import { isWholePart, Part } from './download/part.ts';
import { type Follower, transfer } from './download/transfer.ts';
import { Client } from './http/client.ts';
import { httpError, Interruption } from './http/errors.ts';
import { type Patience, patienceOf } from './http/patience.ts';

export { hasCopy, pathOfCopy, readDescription } from './download/copy.ts';
export { type DownloadOptions, type DownloadProgress, defaultCacheDir } from './download/options.ts';

/**
 * Fetches a URL into the cache and answers the path of the copy.
 *
 * A copy that is there already is used if the server says that it is still the newest (a conditional request by ETag
 * or date), if the server gave neither, or if the server cannot be reached: so a cached corpus works offline. What
 * breaks off is tried again some times, from where it broke off if the server can do that. After an abort, a failure or
 * the end of the process, the next download goes on there too. Of several that want the same file one fetches it, and
 * the others wait for it. The standard proxy variables are honoured.
 *
 * @throws MillraceError `MILLRACE_HTTP`; `MILLRACE_CHECKSUM` when the file is not one of those with `sha256`
 */
export function download(url: string, options: DownloadOptions = {}): Promise<string> {
  return bring(url, options, undefined);
}

/** A download that can be read while it goes on. */
export interface Arriving {
  /** The first bytes: so many, or all there are. */
  head(length: number): Promise<Uint8Array>;
  /** All bytes, once. The end comes when the copy is whole and has been found right. */
  bytes(options?: ReadOptions): AsyncGenerator<Uint8Array, void>;
  /** The path of the copy, when it is whole. */
  readonly whole: Promise<string>;
  /** Ends it; what has arrived stays for the next time. To be called in any case. */
  stop(): Promise<void>;
}

/** As {@link download}, for those who want to read before it has ended. */
export function arrive(url: string, options: DownloadOptions = {}): Arriving {
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, ...(options.signal ? [options.signal] : [])]);
  const arrival = new Arrival(url, partOf(pathOfCopy(url, options)));
  const whole = bring(url, { ...options, signal }, arrival);
  arrival.endWith(whole);
  return {
    head: (length) => arrival.head(length),
    bytes: (reading = options) => arrival.bytes(reading),
    whole,
    async stop() {
      stopping.abort();
      await whole.catch(() => {});
    },
  };
}

async function bring(url: string, options: DownloadOptions, follower: Follower | undefined): Promise<string> {
  const { signal } = options;
  signal?.throwIfAborted();
  const path = pathOfCopy(url, options);
  let cached = await readExpected(path, options);
  if (cached && !isVersioned(cached)) return path;
  const onWait = () => options.onProgress?.({ url, received: 0, waiting: true });
  try {
    await mkdir(dirname(path), { recursive: true });
    const claim = await Claim.take(path, { signal, onWait });
    try {
      await keepIfWhole(url, path, options);
      cached = await readExpected(path, options);
      // Who held it has asked the server just now.
      if (cached && (claim.waited || !isVersioned(cached))) return path;
      await fetchWhole(url, path, cached, follower, options);
      return path;
    } finally {
      await claim.release();
    }
  } catch (error) {
    signal?.throwIfAborted();
    // A copy may be in a folder that nobody can write to, such as one of a container's image.
    const isOutOfReach = error instanceof Interruption || isReadOnly(error);
    if (isOutOfReach && cached && !follower?.taken) return path;
    throw error instanceof Interruption ? error.failure : diskError(error, url);
  }
}

function partOf(path: string): string {
  return `${path}.part`;
}

async function readExpected(path: string, options: DownloadOptions): Promise<Copy | undefined> {
  const copy = await readCopy(path, options);
  return copy && isExpected(copy.sha256, options.sha256) ? copy : undefined;
}

/** All came, and then the process ended: it is put in its place, and asked about as any copy is. */
async function keepIfWhole(url: string, path: string, options: DownloadOptions): Promise<void> {
  if (!(await isWholePart(partOf(path), url))) return;
  const part = await Part.open(partOf(path), url, options.signal);
  try {
    if (part.size === part.total) await keepCopy(part, path, options);
  } finally {
    await part.close();
  }
}

/** Fetches what is missing of a file, and puts it in its place; or nothing, if the copy is still the newest. */
async function fetchWhole(
  url: string,
  path: string,
  cached: Copy | undefined,
  follower: Follower | undefined,
  options: DownloadOptions,
): Promise<void> {
  const patience = patienceOf(options.patience);
  const part = await Part.open(partOf(path), url, options.signal);
  try {
    const answer = await withinTime(url, patience, options, async (timed) => {
      const client = await Client.open(patience);
      try {
        return await transfer(part, cached, client, patience, follower, timed);
      } finally {
        await client.close();
      }
    });
    if (answer === 'received') await keepCopy(part, path, options);
  } finally {
    await part.close();
  }
}

/** Does the work with a signal that comes too when the time for all of it is over. */
async function withinTime<T>(
  url: string,
  { totalMs }: Patience,
  options: DownloadOptions,
  work: (options: DownloadOptions) => Promise<T>,
): Promise<T> {
  if (totalMs === Number.POSITIVE_INFINITY) return work(options);
  const { signal } = options;
  const time = AbortSignal.timeout(totalMs);
  try {
    return await work({ ...options, signal: AbortSignal.any([time, ...(signal ? [signal] : [])]) });
  } catch (error) {
    if (!time.aborted || signal?.aborted) throw error;
    throw httpError(url, 'The download takes longer than it may', {
      expected: `${totalMs} ms at most`,
      hint: 'What has arrived is kept: the next try goes on there.',
    });
  }
}

function isVersioned({ etag, lastModified }: Copy): boolean {
  return etag !== undefined || lastModified !== undefined;
}

function isReadOnly(error: unknown): boolean {
  return ['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
}
