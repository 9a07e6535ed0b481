/** One file over HTTP into a part: what breaks off is tried again, from where it broke off if the server can do that. */
import {
  type Answer,
  askIfNewer,
  header,
  lengthOf,
  rangeOf,
  type Version,
  validatorOf,
  versionOf,
} from '../http/answer.ts';
import type { Client } from '../http/client.ts';
import { httpError, Interruption, statusError } from '../http/errors.ts';
import type { Patience } from '../http/patience.ts';
import { persist } from '../http/persist.ts';
import { mayBeWebPage, PAGE_HEAD_BYTES, refuseWebPage } from '../http/web-page.ts';
import { assertEncoding } from './copy.ts';
import type { DownloadOptions } from './options.ts';
import type { Part } from './part.ts';

/** Somebody who reads the bytes while they come. */
export interface Follower {
  /** How many bytes have been read, and can no more be other ones. */
  readonly taken: number;
  /** So many may be read. */
  advance(bytes: number): void;
  /** What comes is in another file from now on; no more may be read before the next {@link advance}. */
  restart(): void;
}

/**
 * Fetches into a part, which may hold a beginning. Answers `unchanged` when the server says that `known` is still the
 * newest.
 *
 * @throws Interruption when it failed as often as is sensible (with `known` in hand: at the first failure to reach the
 * server), MillraceError `MILLRACE_HTTP` when it cannot be done
 */
export async function transfer(
  part: Part,
  known: Version | undefined,
  client: Client,
  patience: Patience,
  follower: Follower | undefined,
  options: DownloadOptions,
): Promise<'received' | 'unchanged'> {
  const attempts = new Transfer(part, known, client, follower, options);
  return persist(
    () => attempts.attempt(),
    () => part.size,
    patience,
    { signal: options.signal, isHopeless: () => known !== undefined && part.size === 0 },
  );
}

class Transfer {
  readonly #part: Part;
  readonly #known: Version | undefined;
  readonly #client: Client;
  readonly #follower: Follower | undefined;
  readonly #options: DownloadOptions;
  /** What a follower has read of a version that has to be fetched anew: it must come again just so. */
  #promised: { size: number; sha256: string } | undefined;

  constructor(
    part: Part,
    known: Version | undefined,
    client: Client,
    follower: Follower | undefined,
    options: DownloadOptions,
  ) {
    this.#part = part;
    this.#known = known;
    this.#client = client;
    this.#follower = follower;
    this.#options = options;
  }

  /** Asks once, for the rest if there is a beginning, and writes down what comes. */
  async attempt(): Promise<'received' | 'unchanged'> {
    const { url, size, version } = this.#part;
    const validator = size > 0 ? validatorOf(version) : undefined;
    const rest = validator === undefined ? undefined : { range: `bytes=${size}-`, 'if-range': validator };
    const headers = rest ?? (this.#known ? askIfNewer(this.#known) : {});
    const answer = await this.#client.get(url, headers, this.#options.signal);
    try {
      if (answer.status === 304 && this.#known && !rest) return 'unchanged';
      await this.#begin(answer, rest !== undefined);
      await this.#receive(answer);
      return 'received';
    } finally {
      answer.body.discard();
    }
  }

  /** Makes the part ready for what is announced. */
  async #begin(answer: Answer, askedForRest: boolean): Promise<void> {
    const part = this.#part;
    const { status } = answer;
    const range = rangeOf(answer);
    if (askedForRest && status === 206 && isRest(range, versionOf(answer), part)) {
      part.total ??= range?.total;
      return;
    }
    if (status === 200 || status === 206 || status === 416) {
      if (this.#follower && this.#follower.taken > 0) this.#promised ??= { size: part.size, sha256: part.sha256 };
      this.#follower?.restart();
      await part.restart(versionOf(answer), lengthOf(answer));
      if (this.#promised && part.version.encoding !== undefined) throw this.#changed();
    }
    if (status !== 200) throw statusError(part.url, status, header(answer, 'retry-after'));
    assertEncoding(part.url, part.version);
  }

  async #receive(answer: Answer): Promise<void> {
    const part = this.#part;
    const length = lengthOf(answer);
    const end = length === undefined ? undefined : part.size + length;
    const contentType = header(answer, 'content-type');
    // What was kept from an earlier run has been looked at then.
    let isChecked = part.size >= PAGE_HEAD_BYTES || !mayBeWebPage(part.url, contentType);
    const check = async () => {
      isChecked = true;
      try {
        refuseWebPage(part.url, contentType, await part.head(PAGE_HEAD_BYTES));
      } catch (error) {
        await part.discard();
        throw error;
      }
    };
    if (isChecked) this.#tell();
    for await (const chunk of orInterruption(answer, part.url)) {
      await this.#append(chunk);
      if (!isChecked && part.size >= PAGE_HEAD_BYTES) await check();
      if (isChecked) this.#tell();
      this.#progress();
    }
    if (part.size !== (part.total ?? end ?? part.size)) {
      const expected = `${part.total ?? end} bytes`;
      throw new Interruption(httpError(part.url, 'The download ended early', { expected, found: part.size }));
    }
    if (!isChecked) await check();
    if (this.#promised) throw this.#changed();
    part.total = part.size;
    this.#tell();
  }

  async #append(chunk: Uint8Array): Promise<void> {
    const part = this.#part;
    const left = this.#promised ? this.#promised.size - part.size : Number.POSITIVE_INFINITY;
    await part.append(chunk.subarray(0, left));
    if (this.#promised && part.size === this.#promised.size) {
      if (part.sha256 !== this.#promised.sha256) throw this.#changed();
      this.#promised = undefined;
    }
    if (left < chunk.length) await part.append(chunk.subarray(left));
  }

  #tell(): void {
    if (!this.#promised && this.#part.version.encoding === undefined) this.#follower?.advance(this.#part.size);
  }

  #progress(): void {
    const { url, size: received, total } = this.#part;
    this.#options.onProgress?.({ url, received, ...(total === undefined ? {} : { total }) });
  }

  #changed(): Error {
    return httpError(this.#part.url, 'The file has changed at the server while it was read', { hint: 'Run it again.' });
  }
}

async function* orInterruption({ body }: Answer, url: string): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body.pieces();
  } catch (cause) {
    throw new Interruption(httpError(url, 'The download broke off', { cause }));
  }
}

/** Whether that is what follows on the part, of the same version and length. */
function isRest(range: ReturnType<typeof rangeOf>, { etag, lastModified }: Version, part: Part): boolean {
  const { version } = part;
  const isSame =
    etag === undefined ? lastModified === undefined || lastModified === version.lastModified : etag === version.etag;
  const isSameLength = range?.total === undefined || part.total === undefined || range.total === part.total;
  return range?.start === part.size && isSame && isSameLength;
}
