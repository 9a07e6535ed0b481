/** Opens a file by what its first bytes say that it is: a zip is looked into, all else is opened as a stream. */
import { stat } from 'node:fs/promises';
import { closeRead } from '../pipeline/files/close-read.ts';
import { readFully } from '../pipeline/files/read-fully.ts';
import { kindOf } from './archives/kinds.ts';
import { checkName, choose, noChoice, noFiles, noSuchEntry } from './archives/names.ts';
import { unlessPacked } from './archives/peekable.ts';
import { fileError, openFile, type ReadOptions, readFile, toBlocks, unlessAborted } from './bytes.ts';
import { defaultLimits, overLimit, RATIO_FROM } from './limits.ts';
import { type OpenOptions, openStream } from './open-stream.ts';
import { fileAt, type RandomAccessSource } from './random-access.ts';
import type { Block } from './records.ts';
import { listEntries, readEntryBytes, type ZipEntry } from './unzip.ts';

/**
 * The bytes of a file that is there, block by block; of an archive those of the entries that a pattern means, one after
 * the other in the archive's order.
 *
 * @param name how errors and records call the file
 * @throws MillraceError `MILLRACE_NOT_FOUND` for a file or entry that is not there, `MILLRACE_BAD_ARCHIVE` and
 * `MILLRACE_CHECKSUM` for damage, `MILLRACE_LIMIT` for what would unpack to too much, `MILLRACE_USAGE` for an entry of
 * what is no archive
 */
export async function* openPath(
  path: string,
  pattern: string | undefined,
  name: string,
  options: OpenOptions,
): AsyncGenerator<Block, void> {
  if (await isZipFile(path, options)) yield* openZip(fileAt(path, name), pattern, options);
  else yield* openStream((reading) => readFile(path, reading), pattern, name, options);
}

/** The bytes of the entries of a zip that a pattern means, as {@link openPath} gives them, wherever the zip is. */
export async function* openZip(
  archive: RandomAccessSource,
  pattern: string | undefined,
  options: OpenOptions,
): AsyncGenerator<Block, void> {
  for (const entry of await chooseEntries(archive, pattern, options)) {
    const origin = { source: archive.name, entry: entry.name };
    yield* toBlocks(unlessPacked(readEntryBytes(archive, entry, options), origin), origin, options);
  }
}

export async function isZipFile(path: string, { signal }: ReadOptions): Promise<boolean> {
  // What a pipe has given is gone, and so is what its writer finds nobody to give to when a reader has left: only a file,
  // which can be opened again, is opened to be looked at.
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isFile()) return false;
  const handle = await openFile(path, signal);
  try {
    const head = Buffer.alloc(4);
    const length = await unlessAborted(() => readFully(handle, head, 0), signal);
    return kindOf(head.subarray(0, length)) === 'zip';
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await closeRead(handle);
  }
}

/**
 * The entries of a zip that a pattern means: one by its exact name, else all that the glob matches, else the only one.
 * What they promise to unpack to is within the limits, and they cannot unpack to more.
 */
export async function chooseEntries(
  archive: RandomAccessSource,
  pattern: string | undefined,
  options: OpenOptions,
): Promise<ZipEntry[]> {
  const entries = await listEntries(archive, options);
  const origin = { source: archive.name };
  const names = entries.map(({ name }) => name);
  if (entries.length === 0) throw noFiles(origin);
  if (pattern === undefined && entries.length > 1) throw await noChoice(origin, names, `${entries.length} files`);
  const choice = await choose(pattern);
  const exact = entries.filter(({ name }) => choice.isExact(name));
  const chosen = exact.length > 0 ? exact : entries.filter(({ name }) => choice.matches(name));
  if (chosen.length === 0) throw await noSuchEntry(origin, names, pattern ?? '');
  checkSizes(chosen, archive.name, options);
  return chosen;
}

function checkSizes(entries: readonly ZipEntry[], source: string, { limits }: OpenOptions): void {
  const { entryBytes, totalBytes, ratio } = { ...defaultLimits, ...limits };
  let total = 0;
  for (const { name, size, compressedSize } of entries) {
    const origin = { source, entry: name };
    checkName(name, source);
    if (size > entryBytes) throw overLimit('entryBytes', entryBytes, origin, `${size}`);
    if (size > RATIO_FROM && size > ratio * compressedSize) {
      throw overLimit('ratio', ratio, origin, `${size} bytes out of ${compressedSize}`);
    }
    total += size;
  }
  if (total > totalBytes) throw overLimit('totalBytes', totalBytes, { source }, `${total}`);
}
