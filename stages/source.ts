/**
 * Where bytes come from: a path, a URL, standard input, an entry of a zip archive, or a corpus known by name.
 *
 * What a file is, is known by its first bytes, never by its name: a zip is looked into, gzip is opened, all else is
 * handed on as it is.
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../pipeline/errors.ts';
import { type BlockOptions, fileError, readStdin } from './bytes.ts';
import { type Corpus, corpora, corpusNamed, looksLikeCorpus } from './corpora.ts';
import { assertExpected, sha256Of } from './download/checksum.ts';
import type { DownloadOptions } from './download.ts';
import type { Limits } from './limits.ts';
import { openPath } from './open-path.ts';
import { openStream } from './open-stream.ts';
import { type Fetched, fetchUrl, openUrl, type WebPlace } from './open-url.ts';
import type { Block } from './records.ts';

export interface SourceOptions extends DownloadOptions {
  /**
   * Where the archives of the named corpora are, instead of at their publishers: a base URL, or a local folder, which
   * is read in place. Default: the environment variable `MILLRACE_MIRROR`.
   */
  readonly mirror?: string | undefined;
  /** How much may come out of what is packed; limits that are not given are as in `defaultLimits`. */
  readonly limits?: Partial<Limits> | undefined;
}

/** A source, told apart. `name` is how errors and records call it: what was written, without the entry. */
export type SourceSpec = { readonly name: string } & (
  | { readonly kind: 'stdin' }
  | { readonly kind: 'file'; readonly path: string; readonly entry?: string }
  | { readonly kind: 'http'; readonly url: string; readonly entry?: string }
  | { readonly kind: 'corpus'; readonly corpus: Corpus }
);

/**
 * Tells what is written: `-`, a path, a `file:` or `http(s):` URL, each of the last three with or without `#ENTRY`,
 * or the name of a corpus. A path that exists is that path, whatever `#` or `:` it holds.
 *
 * @throws MillraceError `MILLRACE_USAGE` for an unknown corpus or kind of URL
 */
export function parseSourceSpec(spec: string): SourceSpec {
  if (spec === '-') return { kind: 'stdin', name: spec };
  if (spec === '') throw new MillraceError('MILLRACE_USAGE', 'A source has no name', { expected: SOURCES });
  const scheme = /^([a-z][a-z\d+.-]+):\//i.exec(spec)?.[1]?.toLowerCase();
  if (scheme === 'http' || scheme === 'https' || scheme === 'file') {
    const [name, entry] = splitAt(spec, spec.indexOf('#'));
    return scheme === 'file'
      ? { kind: 'file', name, path: fromUrl(name, fileURLToPath), ...entry }
      : { kind: 'http', name, url: fromUrl(name, (text) => new URL(text).href), ...entry };
  }
  if (scheme !== undefined) {
    throw new MillraceError('MILLRACE_USAGE', 'This kind of URL cannot be opened', { expected: SOURCES, found: spec });
  }
  // The longest path that exists wins, so that an entry may have a "#" in its name as well as a path.
  for (let at = spec.length; at > 0; at = spec.lastIndexOf('#', at - 1)) {
    if (existsSync(spec.slice(0, at))) return toFile(...splitAt(spec, at === spec.length ? -1 : at));
  }
  if (looksLikeCorpus(spec)) return { kind: 'corpus', name: spec, corpus: corpusNamed(spec) };
  return toFile(...splitAt(spec, spec.indexOf('#')));
}

/**
 * The bytes of a source, block by block; of several files, if the entry is a glob, one after the other in the
 * archive's order. Nothing is opened before the first block is asked for; what was opened is closed at the end, on an
 * early return, on an error and on abort.
 *
 * @throws MillraceError `MILLRACE_NOT_FOUND` for a file or entry that is not there, `MILLRACE_HTTP` for a download that
 * failed, `MILLRACE_BAD_ARCHIVE` and `MILLRACE_CHECKSUM` for damage, `MILLRACE_USAGE` for a source that makes no sense
 */
export async function* openSource(
  spec: string,
  options: SourceOptions & BlockOptions = {},
): AsyncGenerator<Block, void> {
  const source = parseSourceSpec(spec);
  const { name } = source;
  const place = placeOf(source, options);
  if (!place) return yield* openStream(readStdin, undefined, name, options);
  if ('url' in place) return yield* openUrl(place, name, options);
  await checkFile(place.path, name, options);
  yield* openPath(place.path, place.entry, name, options);
}

/** Where a source is: in a file, or on the web. Standard input is nowhere. */
export function placeOf(source: SourceSpec, options: SourceOptions): FilePlace | WebPlace | undefined {
  const { sha256 } = options;
  switch (source.kind) {
    case 'stdin':
      if (!sha256) return undefined;
      throw new MillraceError('MILLRACE_USAGE', 'Standard input has no SHA-256 before it has been read', {
        expected: 'a file, a URL or a corpus',
        hint: 'Save it in a file, and give that as the source.',
      });
    case 'file':
      return source;
    case 'http':
      return { url: source.url, entry: source.entry, sha256, byEntry: !sha256 };
    case 'corpus': {
      const { entry } = source.corpus;
      const { place, isPublisher } = locate(source.corpus, options.mirror);
      if (typeof place === 'string') return { path: place, entry };
      // A mirror is the user's own word; what it must be, if anything, is too.
      if (isPublisher) return { url: place.href, entry, sha256: [source.corpus.sha256], byEntry: true };
      return { url: place.href, entry, sha256, byEntry: !sha256 };
    }
  }
}

export interface FilePlace {
  readonly path: string;
  readonly entry?: string | undefined;
}

/** The file that a source is in, downloaded if need be, and the entry that is meant. Standard input is in none. */
export async function fetchSource(source: SourceSpec, options: SourceOptions): Promise<Fetched | undefined> {
  const place = placeOf(source, options);
  if (place && 'url' in place) return fetchUrl(place, source.name, options);
  if (place) await checkFile(place.path, source.name, options);
  return place;
}

/** A file is read once more for its sum: so nothing of a wrong one is used. */
async function checkFile(path: string, name: string, { sha256, signal }: SourceOptions): Promise<void> {
  if (!sha256) return;
  const status = await stat(path).catch((error: unknown) => {
    throw fileError(error, path);
  });
  if (!status.isFile()) {
    throw new MillraceError('MILLRACE_USAGE', 'What comes through a pipe has no SHA-256 before it has been read', {
      origin: { source: name },
      hint: 'Save it in a file, and give that as the source.',
    });
  }
  assertExpected(name, await sha256Of(path, { signal }), sha256);
}

const SOURCES = `a path, a file:, http: or https: URL, "-" for standard input, or one of ${[...corpora.keys()].join(', ')}`;

/** Where a corpus is: below a URL, or in a folder. */
function locate({ file, base: publisher }: Corpus, mirror: string | undefined) {
  const base = mirror || process.env.MILLRACE_MIRROR || publisher;
  const isWeb = /^https?:/i.test(base);
  const place = isWeb
    ? new URL(file, base.endsWith('/') ? base : `${base}/`)
    : join(/^file:/i.test(base) ? fileURLToPath(base) : base, file);
  return { place, isPublisher: isWeb && String(place) === publisher + file };
}

function toFile(path: string, entry: { entry?: string }): SourceSpec {
  return { kind: 'file', name: path, path, ...entry };
}

function splitAt(spec: string, at: number): [string, { entry?: string }] {
  return at < 0 ? [spec, {}] : [spec.slice(0, at), { entry: spec.slice(at + 1) }];
}

function fromUrl(text: string, parse: (text: string) => string): string {
  try {
    return parse(text);
  } catch (cause) {
    throw new MillraceError('MILLRACE_USAGE', 'This URL makes no sense', { found: text, cause });
  }
}
