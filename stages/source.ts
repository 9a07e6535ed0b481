/**
 * Where bytes come from: a path, a URL, standard input, an entry of a zip archive, or a corpus known by name.
 *
 * What a file is, is known by its first bytes, never by its name: a zip is looked into, gzip is opened, all else is
 * handed on as it is.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../pipeline/errors.ts';
import { readStdin } from './bytes.ts';
import { type Corpus, corpora, corpusNamed, looksLikeCorpus } from './corpora.ts';
import { type DownloadOptions, download } from './download.ts';
import type { Limits } from './limits.ts';
import { openPath } from './open-path.ts';
import { openStream } from './open-stream.ts';
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
export async function* openSource(spec: string, options: SourceOptions = {}): AsyncGenerator<Block, void> {
  const source = parseSourceSpec(spec);
  const { name } = source;
  const file = await fetchSource(source, options);
  if (file) return yield* openPath(file.path, file.entry, name, options);
  yield* openStream(readStdin, undefined, name, options);
}

/** The file that a source is in, if it need not be downloaded. */
export function localPath(source: SourceSpec, mirror: string | undefined): string | undefined {
  if (source.kind === 'file') return source.path;
  const place = source.kind === 'corpus' ? locate(source.corpus, mirror) : undefined;
  return typeof place === 'string' ? place : undefined;
}

/** The file that a source is in, downloaded if need be, and the entry that is meant. Standard input is in none. */
export async function fetchSource(
  source: SourceSpec,
  options: SourceOptions,
): Promise<{ readonly path: string; readonly entry?: string | undefined } | undefined> {
  switch (source.kind) {
    case 'stdin':
      return undefined;
    case 'file':
      return source;
    case 'http':
      return { path: await download(source.url, options), entry: source.entry };
    case 'corpus': {
      const place = locate(source.corpus, options.mirror);
      const path = place instanceof URL ? await download(place.href, options) : place;
      return { path, entry: source.corpus.entry };
    }
  }
}

const SOURCES = `a path, a file:, http: or https: URL, "-" for standard input, or one of ${[...corpora.keys()].join(', ')}`;

/** Where a corpus is: below a URL, or in a folder. */
function locate({ file, base: publisher }: Corpus, mirror: string | undefined): URL | string {
  const base = mirror || process.env.MILLRACE_MIRROR || publisher;
  if (/^https?:/i.test(base)) return new URL(file, base.endsWith('/') ? base : `${base}/`);
  return join(/^file:/i.test(base) ? fileURLToPath(base) : base, file);
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
