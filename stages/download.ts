/**
 * Downloads, kept in a cache folder: a URL is fetched once, and asked about again each time it is opened.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { type ErrorDetails, MillraceError } from '../pipeline/errors.ts';
import { inflate, type ReadOptions, readFile as readBytes, zlibOptions } from './bytes.ts';

/** How far a download is, in bytes. `received` falls back when a server cannot go on where it broke off. */
export interface DownloadProgress {
  readonly url: string;
  readonly received: number;
  /** Absent when the server does not say. */
  readonly total?: number;
}

export interface DownloadOptions extends ReadOptions {
  /** Default: `MILLRACE_CACHE`, else `$XDG_CACHE_HOME/millrace`, else `~/.cache/millrace`. */
  readonly cacheDir?: string | undefined;
  /** Called for every piece that arrives; not at all when the cached copy is used. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
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
  const get: Get = (headers) => request(url, { dispatcher, headers, signal: signal ?? null });
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

/** Undici's `request` for one URL: what is asked is only a matter of headers. */
type Get = (headers: Record<string, string>) => Promise<Dispatcher.ResponseData>;

/** What is known of a copy in the cache; kept beside it as JSON. */
interface Copy {
  readonly url: string;
  /** Bytes of the file in the cache. */
  readonly size: number;
  readonly etag?: string;
  readonly lastModified?: string;
  readonly encoding?: string;
}

/** A failure that may be gone at the next try. */
class Interruption extends Error {
  readonly failure: MillraceError;

  constructor(failure: MillraceError) {
    super(failure.message, { cause: failure });
    this.failure = failure;
  }
}

const LONGEST_NAME = 100;
const MOST_TRIES = 4;
const FIRST_PAUSE_MS = 200;
/** Progress that is worth a new set of tries: so a long download over a bad line ends, and a hostile server does not. */
const WORTHWHILE_BYTES = 1 << 20;

/** Answers undefined when the server says that `cached` is still the newest. */
async function fetchInto(
  part: string,
  url: string,
  get: Get,
  cached: Copy | undefined,
  { signal, onProgress }: DownloadOptions,
): Promise<Copy | undefined> {
  // Opened for appending, so that to go on is to write, and to start again is to truncate.
  const file = await open(part, 'a');
  let copy: Copy = { url, size: 0 };
  let mostReceived = 0;

  const attempt = async (): Promise<Copy | undefined> => {
    const resumed = copy.size > 0 && resumeHeaders(copy);
    const response = await get({ 'accept-encoding': 'identity', ...(resumed || (cached && askIfNewer(cached))) }).catch(
      (cause: NodeJS.ErrnoException) => {
        const failure = httpError(url, 'The server cannot be reached', { cause });
        // Undici's word for what it refuses to do: redirects in circles, other protocols.
        throw cause.code === 'UND_ERR_INVALID_ARG' ? failure : new Interruption(failure);
      },
    );
    const { statusCode, body } = response;
    try {
      if (statusCode === 304 && cached && !resumed) return undefined;
      const goesOn = statusCode === 206 && resumed && isRest(response, copy);
      if (!goesOn) {
        await file.truncate(0);
        copy = { url, size: 0 };
        if (statusCode !== 200) throw statusError(url, statusCode);
      }
      const expected = header(response, 'content-length');
      const total = expected === undefined ? undefined : copy.size + Number(expected);
      copy = { ...copy, ...describe(response) };
      for await (const chunk of orInterruption(body, url)) {
        await file.appendFile(chunk);
        copy = { ...copy, size: copy.size + chunk.length };
        onProgress?.({ url, received: copy.size, ...(total === undefined ? {} : { total }) });
      }
      if (total === undefined || copy.size === total) return copy;
      throw new Interruption(
        httpError(url, 'The download ended early', { expected: `${total} bytes`, found: copy.size }),
      );
    } finally {
      // Undici calls a body that is left unread an error, and by then nobody listens.
      body.on('error', () => {}).destroy();
    }
  };

  try {
    for (let failures = 0; ; ) {
      try {
        return await attempt();
      } catch (error) {
        signal?.throwIfAborted();
        if (copy.size >= mostReceived + WORTHWHILE_BYTES) failures = 0;
        mostReceived = Math.max(mostReceived, copy.size);
        failures++;
        if (!(error instanceof Interruption) || failures >= MOST_TRIES || cached) throw error;
        await sleep(FIRST_PAUSE_MS * 2 ** (failures - 1), undefined, { ...(signal && { signal }) });
      }
    }
  } finally {
    await file.close();
  }
}

async function* orInterruption(body: AsyncIterable<Uint8Array>, url: string): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body;
  } catch (cause) {
    throw new Interruption(httpError(url, 'The download broke off', { cause }));
  }
}

function askIfNewer({ etag, lastModified }: Copy): Record<string, string> {
  return { ...(etag && { 'if-none-match': etag }), ...(lastModified && { 'if-modified-since': lastModified }) };
}

/** Asks for the rest of what we have the beginning of; false when nothing says that it is still the same file. */
function resumeHeaders({ size, etag, lastModified }: Copy): Record<string, string> | false {
  const validator = etag?.startsWith('"') ? etag : lastModified;
  return validator !== undefined && { range: `bytes=${size}-`, 'if-range': validator };
}

function isRest(response: Dispatcher.ResponseData, copy: Copy): boolean {
  const start = /^bytes (\d+)-/.exec(header(response, 'content-range') ?? '')?.[1];
  const { etag } = describe(response);
  return Number(start) === copy.size && (etag === undefined || etag === copy.etag);
}

function describe(response: Dispatcher.ResponseData): Pick<Copy, 'etag' | 'lastModified' | 'encoding'> {
  const etag = header(response, 'etag');
  const lastModified = header(response, 'last-modified');
  const encoding = header(response, 'content-encoding');
  return { ...(etag && { etag }), ...(lastModified && { lastModified }), ...(encoding && { encoding }) };
}

function header({ headers }: Dispatcher.ResponseData, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

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

/** What is in the cache, if it is whole. */
async function readCopy(path: string): Promise<Copy | undefined> {
  try {
    const copy = JSON.parse(await readFile(`${path}.json`, 'utf8')) as Copy;
    return (await stat(path)).size === copy.size ? copy : undefined;
  } catch {
    // No copy, or half a description of one: both are mended by a download.
    return undefined;
  }
}

function statusError(url: string, status: number): Error {
  const failure = httpError(url, `The server answers with status ${status}`, {
    hint: 'Check the address; for a corpus known by name, MILLRACE_MIRROR can name another server or a local folder.',
  });
  // 206 and 416 are answers to a request for the rest: the next try asks for the whole.
  return status >= 500 || [206, 408, 416, 425, 429].includes(status) ? new Interruption(failure) : failure;
}

function httpError(url: string, summary: string, details: Omit<ErrorDetails, 'origin'>): MillraceError {
  const cause = details.cause instanceof Error ? details.cause : undefined;
  const found = cause && { found: [(cause as NodeJS.ErrnoException).code, cause.message].filter(Boolean).join(': ') };
  return new MillraceError('MILLRACE_HTTP', summary, {
    hint: 'Check the address and the network.',
    ...found,
    ...details,
    origin: { source: url },
  });
}

function diskError(error: unknown, url: string): unknown {
  if (error instanceof MillraceError || !(error instanceof Error) || !('syscall' in error)) return error;
  return httpError(url, 'The download cannot be written to the cache folder', {
    hint: 'Make room there, or choose another folder with --cache-dir or MILLRACE_CACHE.',
    cause: error,
  });
}
