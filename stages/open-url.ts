/** Opens a URL: what streams is read while it is being fetched, and of a zip only the entries that are meant are fetched. */
import { kindOf } from './archives/kinds.ts';
import type { ZipEntry } from './archives/zip-directory.ts';
import { diskError } from './download/disk-error.ts';
import { removePieces, wantedOf } from './download/piece-file.ts';
import { Changed, pathOfPieces, RemoteArchive } from './download/remote-archive.ts';
import { arrive, type DownloadOptions, download, hasCopy, readDescription } from './download.ts';
import type { Version } from './http/answer.ts';
import { chooseEntries, openPath, openZip } from './open-path.ts';
import { type OpenOptions, openStream } from './open-stream.ts';
import { readAll } from './random-access.ts';
import type { Block } from './records.ts';

/** A file on the web, and what of it is meant. */
export interface WebPlace {
  readonly url: string;
  readonly entry?: string | undefined;
  /** The sums of which the whole file must have one. */
  readonly sha256?: readonly string[] | undefined;
  /** Whether an entry may be fetched without the rest of its archive: then its own CRC-32 vouches for it, and no sum can. */
  readonly byEntry: boolean;
}

export interface WebOptions extends DownloadOptions, OpenOptions {}

/** A file that is there, and what tells its version at the server from any other. */
export interface Fetched {
  readonly path: string;
  readonly entry?: string | undefined;
  readonly version?: Pick<Version, 'etag' | 'lastModified'>;
}

/**
 * The bytes of what is meant, block by block, as {@link openPath} gives them.
 *
 * @param name how errors and records call the file
 */
export async function* openUrl(place: WebPlace, name: string, options: WebOptions): AsyncGenerator<Block, void> {
  for (let isFirst = true; ; isFirst = false) {
    const found = await findEntries(place, name, options);
    if (!found) return yield* openWhole(place, name, options);
    const { archive, pattern } = found;
    let given = false;
    try {
      for await (const block of openZip(archive, pattern, options)) {
        given = true;
        yield block;
      }
      return await archive.pieces.enterWanted(pattern);
    } catch (error) {
      // What nobody has seen yet can be fetched anew.
      if (!(error instanceof Changed) || given || !isFirst) throw diskError(error, place.url);
      await removePieces(archive.pieces.path);
    } finally {
      await archive.close();
    }
  }
}

/** Fetches what is meant, so that it can be opened as a file. */
export async function fetchUrl(place: WebPlace, name: string, options: WebOptions): Promise<Fetched> {
  const { url, entry, sha256 } = place;
  for (let isFirst = true; ; isFirst = false) {
    const found = await findEntries(place, name, options);
    if (!found) break;
    const { archive, pattern, entries } = found;
    const { path, whole } = archive.pieces;
    try {
      for (const one of entries) await archive.fetch(one.offset, endOf(one, whole.size), options.signal);
      await archive.pieces.enterWanted(pattern);
      return { path, entry: pattern, version: versionOnly(whole) };
    } catch (error) {
      if (!(error instanceof Changed) || !isFirst) throw diskError(error, url);
      await removePieces(path);
    } finally {
      await archive.close();
    }
  }
  const path = await download(url, { ...options, sha256 });
  await removePieces(pathOfPieces(url, options));
  const copy = await readDescription(path);
  return { path, entry, ...(copy && { version: versionOnly(copy) }) };
}

/** Whether all that is meant seems to be here, at a glance. */
export function isFetched({ url, entry, byEntry }: WebPlace, options: WebOptions): boolean {
  if (hasCopy(url, options)) return true;
  return byEntry && entry !== undefined && wantedOf(pathOfPieces(url, options)).includes(entry);
}

/** A zip at a server that gives parts of it, and the entries that are meant, if it is worth to fetch them alone. */
async function findEntries(
  { url, entry: pattern, byEntry }: WebPlace,
  name: string,
  options: WebOptions,
): Promise<{ archive: RemoteArchive; pattern: string; entries: readonly ZipEntry[] } | undefined> {
  if (pattern === undefined || !byEntry || hasCopy(url, options)) return undefined;
  const archive = await RemoteArchive.find(url, name, options);
  if (!archive) return undefined;
  let isWorthIt = false;
  try {
    if (!(await isZip(archive, options))) {
      await removePieces(archive.pieces.path);
      return undefined;
    }
    const entries = await chooseEntries(archive, pattern, options);
    const { whole, path } = archive.pieces;
    const wanted = entries.reduce((sum, { compressedSize }) => sum + compressedSize, 0);
    // Who wants most of an archive is likely to want the rest as well; the whole can be checked by its sum.
    isWorthIt = wanted <= whole.size / 2 || wantedOf(path).includes(pattern);
    return isWorthIt ? { archive, pattern, entries } : undefined;
  } catch (error) {
    if (!(error instanceof Changed)) throw error;
    await removePieces(archive.pieces.path);
  } finally {
    if (!isWorthIt) await archive.close();
  }
  // It changed while its table of contents was read. If it goes on so, all of it is fetched at once.
  return undefined;
}

async function isZip(archive: RemoteArchive, { signal }: OpenOptions): Promise<boolean> {
  const access = await archive.open({ signal });
  try {
    const origin = { source: archive.name };
    return kindOf(await readAll(access, 0, Math.min(ZIP_HEAD, access.size), { signal, origin }), true) === 'zip';
  } finally {
    await access.close();
  }
}

const ZIP_HEAD = 4;

async function* openWhole(place: WebPlace, name: string, options: WebOptions): AsyncGenerator<Block, void> {
  const { url, entry, sha256 } = place;
  if (sha256) {
    // Whoever gives a sum wants nothing of a file that has another: it is known at the end of the download.
    return yield* openPath(await download(url, { ...options, sha256 }), entry, name, options);
  }
  const arriving = arrive(url, options);
  try {
    if (kindOf(await arriving.head(ZIP_HEAD), true) === 'zip') {
      const path = await arriving.whole;
      await removePieces(pathOfPieces(url, options));
      return yield* openPath(path, entry, name, options);
    }
    yield* openStream((reading) => arriving.bytes(reading), entry, name, options);
  } finally {
    await arriving.stop();
  }
}

/** Behind an entry's data, from its local header on, with a name and extra field as long as they may be. */
function endOf({ offset, compressedSize }: ZipEntry, size: number): number {
  return Math.min(size, offset + 30 + 2 * 0xffff + compressedSize);
}

function versionOnly({ etag, lastModified }: Version): Pick<Version, 'etag' | 'lastModified'> {
  return { ...(etag && { etag }), ...(lastModified && { lastModified }) };
}
