/** Opens a file by what its first bytes say that it is: a zip is looked into, gzip is opened, all else is handed on as it is. */
import { stat } from 'node:fs/promises';
import { MillraceError } from '../pipeline/errors.ts';
import { openFile, type ReadOptions, readFile, toBlocks, unlessAborted } from './bytes.ts';
import { gunzipIfGzip, isZip, MAGIC_BYTES } from './inflate.ts';
import { fileAt, type RandomAccessSource } from './random-access.ts';
import type { Block } from './records.ts';
import { listEntries, readEntry, type ZipEntry } from './unzip.ts';

/**
 * The bytes of a file that is there, block by block; of an archive those of the entries that a pattern means, one after
 * the other in the archive's order.
 *
 * @param name how errors and records call the file
 * @throws MillraceError `MILLRACE_NOT_FOUND` for a file or entry that is not there, `MILLRACE_BAD_ARCHIVE` and
 * `MILLRACE_CHECKSUM` for damage, `MILLRACE_USAGE` for an entry of what is no archive
 */
export async function* openPath(
  path: string,
  pattern: string | undefined,
  name: string,
  options: ReadOptions,
): AsyncGenerator<Block, void> {
  if (!(await isZipFile(path, options))) {
    const origin = { source: name };
    if (pattern !== undefined) {
      throw new MillraceError('MILLRACE_USAGE', `This is not a zip archive and has no entry "${pattern}"`, { origin });
    }
    return yield* toBlocks(
      gunzipIfGzip((reading) => readFile(path, reading), origin, options),
      origin,
    );
  }
  const archive = fileAt(path, name);
  for (const entry of await chooseEntries(archive, pattern, options)) yield* readEntry(archive, entry, options);
}

export async function isZipFile(path: string, { signal }: ReadOptions): Promise<boolean> {
  // What a pipe has given is gone, and so is what its writer finds nobody to give to when a reader has left: only a file,
  // which can be opened again, is opened to be looked at.
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isFile()) return false;
  const handle = await openFile(path, signal);
  try {
    const head = Buffer.alloc(MAGIC_BYTES);
    await unlessAborted(() => handle.read(head, 0, head.length, 0), signal);
    return isZip(head);
  } finally {
    await handle.close();
  }
}

/**
 * The entries of an archive that a pattern means: one by its exact name, else all that the glob matches, else the only
 * one.
 */
export async function chooseEntries(
  archive: RandomAccessSource,
  pattern: string | undefined,
  options: ReadOptions,
): Promise<ZipEntry[]> {
  const entries = await listEntries(archive, options);
  const origin = { source: archive.name };
  if (entries.length === 0) throw new MillraceError('MILLRACE_NOT_FOUND', 'The archive holds no files', { origin });
  if (pattern === undefined) {
    if (entries.length === 1) return [...entries];
    throw new MillraceError('MILLRACE_USAGE', `The archive holds ${entries.length} files: say which one`, {
      origin,
      expected: `${origin.source}#ENTRY with one of ${await listNames(entries, '')}`,
    });
  }
  const exact = entries.filter((entry) => entry.name === pattern);
  if (exact.length > 0) return exact;
  const { default: picomatch } = await import('picomatch');
  const matching = picomatch.scan(pattern).isGlob ? entries.filter((entry) => picomatch(pattern)(entry.name)) : [];
  if (matching.length > 0) return matching;
  throw new MillraceError('MILLRACE_NOT_FOUND', 'The archive has no such entry', {
    origin,
    expected: `one of ${await listNames(entries, pattern)}`,
    found: pattern,
  });
}

const LONGEST_LIST = 20;

/** The entries' names, those most like `wanted` first. */
async function listNames(entries: readonly ZipEntry[], wanted: string): Promise<string> {
  const { default: levenshtein } = await import('fast-levenshtein');
  const byDistance = entries
    .map(({ name }) => ({ name, distance: wanted === '' ? 0 : levenshtein.get(wanted, name) }))
    .sort((a, b) => a.distance - b.distance);
  const names = byDistance.slice(0, LONGEST_LIST).map(({ name }) => name);
  return names.length < entries.length
    ? `${names.join(', ')} and ${entries.length - names.length} more`
    : names.join(', ');
}
