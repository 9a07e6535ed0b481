/**
 * One file over HTTP, whole: what breaks off is tried again, from where it broke off if the server can do that.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { type ErrorDetails, MillraceError } from '../pipeline/errors.ts';
import type { ReadOptions } from './bytes.ts';

/** How far a download is, in bytes. `received` falls back when a server cannot go on where it broke off. */
export interface DownloadProgress {
  readonly url: string;
  readonly received: number;
  /** Absent when the server does not say. */
  readonly total?: number;
}

/** What is known of a copy of a file, whole or begun. */
export interface Copy {
  readonly url: string;
  /** In bytes. */
  readonly size: number;
  readonly etag?: string;
  readonly lastModified?: string;
  /** `content-encoding`, where there is one. */
  readonly encoding?: string;
}

export interface FetchOptions extends ReadOptions {
  /** Called for every piece that arrives. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/** A failure that may be gone at the next try. */
export class Interruption extends Error {
  readonly failure: MillraceError;

  constructor(failure: MillraceError) {
    super(failure.message, { cause: failure });
    this.failure = failure;
  }
}

/** Undici's `request` for one URL: what is asked is only a matter of headers. */
type Get = (headers: Record<string, string>) => Promise<Dispatcher.ResponseData>;

const MOST_TRIES = 4;
const FIRST_PAUSE_MS = 200;
/** Progress that is worth a new set of tries: so a long download over a bad line ends, and a hostile server does not. */
const WORTHWHILE_BYTES = 1 << 20;

/**
 * Fetches into a new file. Answers undefined when the server says that `known` is still the newest.
 *
 * @throws Interruption when it failed as often as is sensible (with `known` in hand: at the first failure to reach the
 * server), MillraceError `MILLRACE_HTTP` when it cannot be done
 */
export async function fetchInto(
  path: string,
  url: string,
  get: Get,
  known: Copy | undefined,
  options: FetchOptions,
): Promise<Copy | undefined> {
  const { signal } = options;
  // Opened for appending, so that to go on is to write, and to start again is to truncate.
  const file = await open(path, 'a');
  try {
    const transfer = new Transfer(file, url, get, known, options);
    let mostReceived = 0;
    for (let failures = 0; ; ) {
      try {
        return await transfer.attempt();
      } catch (error) {
        signal?.throwIfAborted();
        const { size } = transfer.copy;
        if (size >= mostReceived + WORTHWHILE_BYTES) failures = 0;
        mostReceived = Math.max(mostReceived, size);
        failures++;
        const hopeless = failures >= MOST_TRIES || (known !== undefined && mostReceived === 0);
        if (!(error instanceof Interruption) || hopeless) throw error;
        await sleep(FIRST_PAUSE_MS * 2 ** (failures - 1), undefined, { ...(signal && { signal }) });
      }
    }
  } finally {
    await file.close();
  }
}

class Transfer {
  /** What has been received so far. */
  copy: Copy;
  readonly #file: FileHandle;
  readonly #get: Get;
  readonly #known: Copy | undefined;
  readonly #options: FetchOptions;

  constructor(file: FileHandle, url: string, get: Get, known: Copy | undefined, options: FetchOptions) {
    this.copy = { url, size: 0 };
    this.#file = file;
    this.#get = get;
    this.#known = known;
    this.#options = options;
  }

  /** Asks once, for the rest if there is a beginning, and writes down what comes. */
  async attempt(): Promise<Copy | undefined> {
    const rest = this.copy.size > 0 ? askForRest(this.copy) : undefined;
    const response = await this.#ask(rest ?? (this.#known ? askIfNewer(this.#known) : {}));
    try {
      if (response.statusCode === 304 && this.#known && !rest) return undefined;
      await this.#begin(response, rest !== undefined);
      return await this.#receive(response);
    } finally {
      // Undici calls a body that is left unread an error, and by then nobody listens.
      response.body.on('error', () => {}).destroy();
    }
  }

  #ask(headers: Record<string, string>): Promise<Dispatcher.ResponseData> {
    return this.#get({ 'accept-encoding': 'identity', ...headers }).catch((cause: NodeJS.ErrnoException) => {
      const failure = httpError(this.copy.url, 'The server cannot be reached', { cause });
      // Undici's word for what it refuses to do: redirects in circles, other protocols.
      throw cause.code === 'UND_ERR_INVALID_ARG' ? failure : new Interruption(failure);
    });
  }

  /** Makes the file ready for what is announced. */
  async #begin(response: Dispatcher.ResponseData, askedForRest: boolean): Promise<void> {
    const { statusCode } = response;
    if (askedForRest && statusCode === 206 && isRest(response, this.copy)) return;
    if (statusCode === 200 || statusCode === 206 || statusCode === 416) {
      await this.#file.truncate(0);
      this.copy = { url: this.copy.url, size: 0, ...describe(response) };
    }
    if (statusCode !== 200) throw statusError(this.copy.url, statusCode);
  }

  async #receive(response: Dispatcher.ResponseData): Promise<Copy> {
    const { url } = this.copy;
    const announced = header(response, 'content-length');
    const total = announced === undefined ? undefined : this.copy.size + Number(announced);
    for await (const chunk of orInterruption(response.body, url)) {
      await this.#file.appendFile(chunk);
      this.copy = { ...this.copy, size: this.copy.size + chunk.length };
      this.#options.onProgress?.({ url, received: this.copy.size, ...(total === undefined ? {} : { total }) });
    }
    if (total === undefined || this.copy.size === total) return this.copy;
    const expected = `${total} bytes`;
    throw new Interruption(httpError(url, 'The download ended early', { expected, found: this.copy.size }));
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

/** Undefined when nothing would say that it is still the same file. */
function askForRest({ size, etag, lastModified }: Copy): Record<string, string> | undefined {
  const validator = etag?.startsWith('"') ? etag : lastModified;
  return validator === undefined ? undefined : { range: `bytes=${size}-`, 'if-range': validator };
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

function statusError(url: string, status: number): Error {
  const failure = httpError(url, `The server answers with status ${status}`, {
    hint: 'Check the address; for a corpus known by name, MILLRACE_MIRROR can name another server or a local folder.',
  });
  // 206 and 416 are answers to a request for the rest: the next try asks for the whole.
  return status >= 500 || [206, 408, 416, 425, 429].includes(status) ? new Interruption(failure) : failure;
}

export function httpError(url: string, summary: string, details: Omit<ErrorDetails, 'origin'>): MillraceError {
  const cause = details.cause instanceof Error ? details.cause : undefined;
  const found = cause && { found: [(cause as NodeJS.ErrnoException).code, cause.message].filter(Boolean).join(': ') };
  return new MillraceError('MILLRACE_HTTP', summary, {
    hint: 'Check the address and the network.',
    ...found,
    ...details,
    origin: { source: url },
  });
}
