/** Whole downloads, each described by a JSON file beside it. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { MillraceError } from '../../pipeline/errors.ts';
import { moveInPlace } from '../../pipeline/files/durable.ts';
import { type ReadOptions, readFile as readBytes } from '../bytes.ts';
import type { Version } from '../http/answer.ts';
import { httpError } from '../http/errors.ts';
import { inflate, zlibOptions } from '../inflate.ts';
import { writeFileAtomic } from '../write-file.ts';
import { assertExpected, isExpected, sha256Of } from './checksum.ts';
import { type DownloadOptions, defaultCacheDir } from './options.ts';
import { forgetPart, type Part } from './part.ts';

/** What is known of a copy. */
export interface Copy extends Omit<Version, 'encoding'> {
  readonly url: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
  /** When the file was written, in milliseconds since 1970: a file that was touched since is looked at again. */
  readonly modified: number;
}

const LONGEST_NAME = 100;

/** Where the copy of a URL is kept: in a folder of its own, under its own name. */
export function pathOfCopy(url: string, { cacheDir = defaultCacheDir() }: Pick<DownloadOptions, 'cacheDir'>): string {
  const folder = createHash('sha256').update(url).digest('hex').slice(0, 16);
  return join(cacheDir, folder, basename(new URL(url).pathname).slice(-LONGEST_NAME) || 'index');
}

export function descriptionOfCopy(path: string): string {
  return `${path}.json`;
}

/** Whether there seems to be a copy, at a glance. */
export function hasCopy(url: string, options: Pick<DownloadOptions, 'cacheDir'>): boolean {
  const path = pathOfCopy(url, options);
  return existsSync(path) && existsSync(descriptionOfCopy(path));
}

/** What is known of a copy that is there with the bytes that it was kept with. */
export async function readCopy(path: string, options: ReadOptions): Promise<Copy | undefined> {
  const copy = await readDescription(path);
  const status = await stat(path).catch(() => undefined);
  if (!copy || status?.size !== copy.size) return undefined;
  // To read a gigabyte whenever it is opened would take seconds: so it is read only if somebody has touched it.
  if (status.mtimeMs === copy.modified) return copy;
  return (await sha256Of(path, options)) === copy.sha256 ? copy : undefined;
}

/** Undefined where there is none, or half a one: both are mended by a download. */
export async function readDescription(path: string): Promise<Copy | undefined> {
  try {
    const copy = JSON.parse(await readFile(descriptionOfCopy(path), 'utf8')) as Copy;
    return typeof copy.sha256 === 'string' && typeof copy.url === 'string' ? copy : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Puts a whole download in its place, in one step. Its description is written first: a crash in between leaves the part,
 * whole, and a copy that does not fit its description, which the next run mends without a byte from the network.
 *
 * @throws MillraceError `MILLRACE_CHECKSUM`, and nothing is kept
 */
export async function keepCopy(part: Part, path: string, options: DownloadOptions): Promise<void> {
  const { url } = part;
  const { encoding, ...version } = part.version;
  let whole = part.path;
  let { sha256 } = part;
  await part.flush();
  if (encoding === 'gzip' || encoding === 'x-gzip') {
    // We did not ask for it, but some servers send it all the same.
    whole = `${part.path}.plain`;
    try {
      const plain = inflate(readBytes(part.path, options), createGunzip(zlibOptions), { source: url }, options);
      await writeFile(whole, plain);
    } catch (error) {
      await rm(whole, { force: true });
      if (error instanceof MillraceError) await part.discard();
      throw error;
    }
    sha256 = await sha256Of(whole, options);
  }
  if (!isExpected(sha256, options.sha256)) {
    if (whole !== part.path) await rm(whole, { force: true });
    await part.discard();
    assertExpected(url, sha256, options.sha256);
  }
  const { size, mtimeMs: modified } = await stat(whole);
  const copy: Copy = { url, ...version, size, sha256, modified };
  await writeFileAtomic(descriptionOfCopy(path), JSON.stringify(copy));
  await moveInPlace(whole, path);
  if (whole !== part.path) await rm(part.path, { force: true });
  await forgetPart(part.path);
}

/** @throws MillraceError `MILLRACE_HTTP` for an encoding that {@link keepCopy} cannot take off */
export function assertEncoding(url: string, { encoding }: Version): void {
  if (encoding === undefined || ['identity', 'gzip', 'x-gzip'].includes(encoding)) return;
  const summary = 'The server sends an encoding that was not asked for';
  throw httpError(url, summary, { expected: 'identity or gzip', found: encoding });
}
