/**
 * An archive on a server, of which only those pieces are fetched that somebody reads, and kept. A claim is held for each
 * request alone, so that several who read the same archive, in this process or in others, share what each has fetched.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MillraceError } from '../../pipeline/errors.ts';
import type { ReadOptions } from '../bytes.ts';
import { type Answer, askIfNewer, header, rangeOf, type Version, validatorOf, versionOf } from '../http/answer.ts';
import { Client } from '../http/client.ts';
import { httpError, Interruption, statusError } from '../http/errors.ts';
import { type Patience, patienceOf } from '../http/patience.ts';
import { persist } from '../http/persist.ts';
import { fileAt, type RandomAccess, type RandomAccessSource, type RangeOptions } from '../random-access.ts';
import { Claim } from './claim.ts';
import { pathOfCopy } from './copy.ts';
import { diskError } from './disk-error.ts';
import type { DownloadOptions } from './options.ts';
import { PIECE_BYTES, PieceFile } from './piece-file.ts';

/** Pieces to a request: what is lost when it breaks off is less, and what is waited for costs little beside it. */
const MOST_PIECES = 8;

/** Where the pieces of a URL's file are. */
export function pathOfPieces(url: string, options: Pick<DownloadOptions, 'cacheDir'>): string {
  return `${pathOfCopy(url, options)}.pieces`;
}

/** That the file at the server is not the one any more that its pieces are of. */
export class Changed extends MillraceError {
  constructor(url: string) {
    super('MILLRACE_HTTP', 'The file has changed at the server while it was read', {
      origin: { source: url },
      hint: 'Run it again.',
    });
  }
}

export class RemoteArchive implements RandomAccessSource {
  readonly name: string;
  readonly pieces: PieceFile;
  readonly #url: string;
  readonly #client: Client;
  readonly #patience: Patience;
  readonly #options: DownloadOptions;

  private constructor(
    name: string,
    pieces: PieceFile,
    client: Client,
    patience: Patience,
    url: string,
    options: DownloadOptions,
  ) {
    this.name = name;
    this.pieces = pieces;
    this.#client = client;
    this.#patience = patience;
    this.#url = url;
    this.#options = options;
  }

  /**
   * Asks the server whether it gives parts of a zip; undefined if it does not, if it is no zip, or if nothing would tell
   * that two parts are of the same version. Without a network, what was fetched before is there.
   *
   * @param name how errors and records call the archive
   */
  static async find(url: string, name: string, options: DownloadOptions): Promise<RemoteArchive | undefined> {
    const patience = patienceOf(options.patience);
    const client = await Client.open(patience);
    let pieces: PieceFile | undefined;
    try {
      pieces = await findPieces(url, client, patience, options);
      return pieces && new RemoteArchive(name, pieces, client, patience, url, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw error instanceof Interruption ? error.failure : diskError(error, url);
    } finally {
      if (!pieces) await client.close();
    }
  }

  /** In the way of {@link RandomAccessSource}; all that it opens reads from this one, which is closed last. */
  async open(options: ReadOptions): Promise<RandomAccess> {
    const file = await fileAt(this.pieces.path, this.name).open(options);
    return {
      size: file.size,
      read: (start, end, range) => this.#read(file, start, end, range),
      close: () => file.close(),
    };
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.pieces.close();
  }

  /** Fetches what is missing of bytes `start` to `end`, at most {@link MOST_PIECES} at a time. */
  async fetch(start: number, end: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      while (this.pieces.missing(start, end, 1)) await this.#fetchSome(start, end, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof Interruption ? error.failure : diskError(error, this.#url);
    }
  }

  async #fetchSome(start: number, end: number, signal: AbortSignal | undefined): Promise<void> {
    const onWait = () => this.#options.onProgress?.({ url: this.#url, received: this.pieces.received, waiting: true });
    const claim = await Claim.take(this.pieces.path, { signal, onWait });
    try {
      if (!(await this.pieces.refresh())) throw new Changed(this.#url);
      const missing = this.pieces.missing(start, end, MOST_PIECES);
      if (!missing) return;
      let at = missing.start;
      const attempt = async () => {
        const headers = {
          range: `bytes=${at}-${missing.end - 1}`,
          'if-range': validatorOf(this.pieces.whole) as string,
        };
        const answer = await this.#client.get(this.#url, headers, signal);
        try {
          if (answer.status === 200 || answer.status === 416) throw new Changed(this.#url);
          const range = answer.status === 206 ? rangeOf(answer) : undefined;
          if (!range) throw statusError(this.#url, answer.status, header(answer, 'retry-after'));
          if (range.total !== this.pieces.whole.size || !isSame(versionOf(answer), this.pieces.whole))
            throw new Changed(this.#url);
          if (range.start !== at || range.end > missing.end) throw otherRange(this.#url, headers.range, answer);
          at = await receive(answer, this.pieces, at, missing.end);
        } finally {
          answer.body.discard();
        }
        if (at < missing.end) throw new Interruption(httpError(this.#url, 'The download ended early', {}));
      };
      try {
        await persist(attempt, () => at, this.#patience, { signal });
      } finally {
        // What is whole of it stays, whatever became of the rest.
        await this.pieces.enter(missing.start, at);
      }
      this.#options.onProgress?.({ url: this.#url, received: this.pieces.received });
    } finally {
      await claim.release();
    }
  }

  /** Reads what is there, while the next pieces are being fetched. */
  async *#read(file: RandomAccess, start: number, end: number, range: RangeOptions): AsyncGenerator<Uint8Array, void> {
    const leaving = new AbortController();
    const signal = AbortSignal.any([leaving.signal, ...(range.signal ? [range.signal] : [])]);
    const step = MOST_PIECES * PIECE_BYTES;
    const stopOf = (from: number) => Math.min(end, (Math.floor(from / step) + 1) * step);
    const fetchFrom = (from: number) => {
      const fetching = this.fetch(from, stopOf(from), signal);
      // It is awaited in its turn; until then a failure must not count as unhandled.
      fetching.catch(() => {});
      return fetching;
    };
    let fetching = start < end ? fetchFrom(start) : Promise.resolve();
    try {
      for (let at = start; at < end; at = stopOf(at)) {
        await fetching;
        if (stopOf(at) < end) fetching = fetchFrom(stopOf(at));
        yield* file.read(at, stopOf(at), range);
      }
    } finally {
      leaving.abort();
      await fetching.catch(() => {});
    }
  }
}

async function findPieces(url: string, client: Client, patience: Patience, options: DownloadOptions) {
  const { signal } = options;
  const path = pathOfPieces(url, options);
  await mkdir(dirname(path), { recursive: true });
  const claim = await Claim.take(path, { signal });
  try {
    const known = await PieceFile.find(path, url);
    const attempt = () => findAnew(url, path, known, client, options);
    const isHopeless = () => known !== undefined;
    let found: PieceFile | undefined;
    try {
      found = await persist(attempt, () => 0, patience, { signal, isHopeless });
    } catch (error) {
      if (!(error instanceof Interruption) || signal?.aborted) throw error;
      // Without a network, what there is must do.
      found = known;
      if (!found) throw error;
    } finally {
      if (found !== known) await known?.close();
    }
    return found;
  } finally {
    await claim.release();
  }
}

/** The pieces that are there if they are still the newest, or the first piece of what is. */
async function findAnew(
  url: string,
  path: string,
  pieces: PieceFile | undefined,
  client: Client,
  { signal }: ReadOptions,
): Promise<PieceFile | undefined> {
  const headers = { range: `bytes=0-${PIECE_BYTES - 1}`, ...(pieces && askIfNewer(pieces.whole)) };
  const answer = await client.get(url, headers, signal);
  try {
    if (answer.status === 304 && pieces) return pieces;
    const range = answer.status === 206 ? rangeOf(answer) : undefined;
    const version = versionOf(answer);
    const { total: size } = range ?? {};
    if (range?.start !== 0 || size === undefined || range.end !== Math.min(size, PIECE_BYTES)) return undefined;
    if (validatorOf(version) === undefined || version.encoding !== undefined) return undefined;
    const { etag, lastModified } = version;
    const whole = { url, size, ...(etag && { etag }), ...(lastModified && { lastModified }) };
    const begun = await PieceFile.create(path, whole);
    try {
      const received = await receive(answer, begun, 0, range.end);
      if (received < range.end) throw new Interruption(httpError(url, 'The download ended early', {}));
      await begun.enter(0, range.end);
      return begun;
    } catch (error) {
      await begun.close();
      throw error;
    }
  } finally {
    answer.body.discard();
  }
}

/** Writes what comes; answers how far it came. */
async function receive({ body }: Answer, pieces: PieceFile, start: number, end: number): Promise<number> {
  let at = start;
  try {
    for await (const bytes of body.pieces()) {
      await pieces.write(bytes.subarray(0, end - at), at);
      at = Math.min(end, at + bytes.length);
    }
  } catch (error) {
    // A disk that is full will be so at the next try too.
    if (error instanceof Error && 'syscall' in error && String(error.syscall) === 'write') throw error;
  }
  return at;
}

function isSame(version: Version, { etag, lastModified }: Version): boolean {
  return version.etag === undefined ? version.lastModified === lastModified : version.etag === etag;
}

function otherRange(url: string, expected: string, answer: Answer): Error {
  const found = header(answer, 'content-range');
  return new Interruption(httpError(url, 'The server sends another part of the file', { expected, found }));
}
