/**
 * Downloads, kept in a cache folder: a URL is fetched once, and asked about again each time it is opened.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { MillraceError } from '../pipeline/errors.ts';
import { type ReadOptions, readFile as readBytes } from './bytes.ts';
import { type Copy, type FetchOptions, fetchInto, httpError, Interruption } from './fetch.ts';
import { inflate, zlibOptions } from './inflate.ts';

export type { DownloadProgress } from './fetch.ts';

export interface DownloadOptions extends FetchOptions {
  /** Default: `MILLRACE_CACHE`, else `$XDG_CACHE_HOME/millrace`, else `~/.cache/millrace`. */
  readonly cacheDir?: string | undefined;
}

/** The default of `cacheDir`. */
export function defaultCacheDir(): string {
  const { MILLRACE_CACHE, XDG_CACHE_HOME } = process.env;
  return MILLRACE_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'millrace');
}

/**
 * Fetches a URL into the cache and answers the path of the copy.
 *
 * A copy that is there already is used if the server says that it is still the newest (a conditional request by ETag
 * or date), if the server gave neither, or if the server cannot be reached: so a cached corpus works offline. What
 * breaks off is tried again some times, from where it broke off if the server can do that. The standard proxy
 * variables are honoured. An abort or a failure leaves nothing behind.
 *
 * @throws MillraceError `MILLRACE_HTTP`
 */
export async function download(url: string, options: DownloadOptions = {}): Promise<string> {
  const { cacheDir = defaultCacheDir(), signal } = options;
  signal?.throwIfAborted();
  const folder = join(cacheDir, createHash('sha256').update(url).digest('hex').slice(0, 16));
  const path = join(folder, basename(new URL(url).pathname).slice(-LONGEST_NAME) || 'index');
  const cached = await readCopy(path);
  if (cached && !cached.etag && !cached.lastModified) return path;

  // Imported here since it takes 150 ms, which a run that downloads nothing need not wait for.
  const { EnvHttpProxyAgent, interceptors, request } = await import('undici');
  const agent = new EnvHttpProxyAgent({ connect: { timeout: 10_000 }, headersTimeout: 30_000, bodyTimeout: 30_000 });
  const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: 10 }));
  const get = (headers: Record<string, string>) => request(url, { dispatcher, headers, signal: signal ?? null });
  const part = `${path}.${randomUUID()}.part`;
  try {
    await mkdir(folder, { recursive: true });
    const copy = await fetchInto(part, url, get, cached, options);
    if (copy) await keep(part, path, copy, options);
    return path;
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Interruption)) throw diskError(error, url);
    if (cached) return path;
    throw error.failure;
  } finally {
    await agent.destroy();
    for (const file of [part, `${part}.plain`]) await rm(file, { force: true }).catch(() => {});
  }
}

const LONGEST_NAME = 100;

/** Moves a whole download to its place, in one step, so that nobody ever sees half a file there. */
async function keep(part: string, path: string, { encoding, ...copy }: Copy, { signal }: ReadOptions): Promise<void> {
  let whole = part;
  let size = copy.size;
  if (encoding === 'gzip' || encoding === 'x-gzip') {
    // We did not ask for it, but some servers send it all the same.
    whole = `${part}.plain`;
    const codec = createGunzip(zlibOptions);
    await writeFile(whole, inflate(readBytes(part, { signal }), codec, { source: copy.url }, { signal }));
    size = (await stat(whole)).size;
  } else if (encoding !== undefined && encoding !== 'identity') {
    throw httpError(copy.url, 'The server sends an encoding that was not asked for', {
      expected: 'identity or gzip',
      found: encoding,
    });
  }
  await rename(whole, path);
  await writeFile(`${path}.json`, JSON.stringify({ ...copy, size }));
}

/** What is in the cache, if it is whole; it is described by a JSON file beside it. */
async function readCopy(path: string): Promise<Copy | undefined> {
  try {
    const copy = JSON.parse(await readFile(`${path}.json`, 'utf8')) as Copy;
    return (await stat(path)).size === copy.size ? copy : undefined;
  } catch {
    // No copy, or half a description of one: both are mended by a download.
    return undefined;
  }
}

function diskError(error: unknown, url: string): unknown {
  if (error instanceof MillraceError || !(error instanceof Error) || !('syscall' in error)) return error;
  return httpError(url, 'The download cannot be written to the cache folder', {
    hint: 'Make room there, or choose another folder with --cache-dir or MILLRACE_CACHE.',
    cause: error,
  });
}
