/** What tells the contents of a source from any others, without reading them all. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { closeRead } from '../pipeline/files/close-read.ts';
import { readFully } from '../pipeline/files/read-fully.ts';
import { type Json, MillraceError } from '../pipeline/index.ts';
import { fileError, openFile, unlessAborted } from './bytes.ts';
import { chooseEntries, isZipFile } from './open-path.ts';
import { fileAt } from './random-access.ts';
import { fetchSource, parseSourceSpec, placeOf, type SourceOptions } from './source.ts';

/** How much of either end of a file is looked at, in bytes. */
const END_BYTES = 1 << 20;

/**
 * Size and date of the file that the source is in (of a URL, what the server says of its version, asked again); of an
 * archive also what its table of contents says of the entries that are meant, of any other file a hash of its first and
 * last mebibyte.
 *
 * @throws MillraceError `MILLRACE_USAGE` for standard input and pipes, which cannot be looked at before they are read;
 * whatever opening the source throws
 */
export async function identifySource(spec: string, options: SourceOptions): Promise<Json> {
  const source = parseSourceSpec(spec);
  const file = await fetchSource(source, options);
  if (!file) throw unidentified(spec);
  const { path, entry, version } = file;
  const handle = await openFile(path, options.signal);
  try {
    const status = await handle.stat({ bigint: true });
    if (!status.isFile()) throw unidentified(spec);
    const size = Number(status.size);
    // A copy of which more pieces are fetched has another date, but not another version.
    const told =
      version && (version.etag || version.lastModified)
        ? { size, version: { ...version } }
        : { size, modified: `${status.mtimeNs}` };
    if (!(await isZipFile(path, options))) return { ...told, ends: await hashEnds(handle, size, options.signal) };
    const entries = await chooseEntries(fileAt(path, source.name), entry, options);
    return { ...told, entries: entries.map(({ name, size, crc32 }) => ({ name, size, crc32 })) };
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await closeRead(handle);
  }
}

/**
 * Size and date of a local file, at a glance; nothing for what is on the network, or not there.
 */
export function stampSource(spec: string, options: SourceOptions): Json {
  const place = placeOf(parseSourceSpec(spec), options);
  const status = place && 'path' in place ? statSync(place.path, { throwIfNoEntry: false }) : undefined;
  return status?.isFile() ? { size: status.size, modified: status.mtimeMs } : null;
}

/** A hash of both ends of a file, or of all of it where they meet. */
async function hashEnds(handle: FileHandle, size: number, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  const head = Math.min(END_BYTES, size);
  const tail = Math.max(head, size - END_BYTES);
  for (const [start, end] of [
    [0, head],
    [tail, size],
  ] as const) {
    const bytes = Buffer.alloc(end - start);
    // A file that has just become shorter leaves zeros behind: another hash, as it should be.
    await unlessAborted(() => readFully(handle, bytes, start), signal);
    hash.update(bytes);
  }
  return hash.digest('hex');
}

function unidentified(spec: string): MillraceError {
  return new MillraceError('MILLRACE_USAGE', 'Nobody could tell whether this source has changed', {
    expected: 'a file, an archive, a URL or a corpus',
    found: spec,
    hint: 'What comes through a pipe cannot be cached: save it to a file first.',
  });
}
