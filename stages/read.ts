import { statSync } from 'node:fs';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ArrayChunk, Pipeline, type Remote, type Source } from '../pipeline/index.ts';
import type { BlockOptions, ReadOptions } from './bytes.ts';
import { corpora } from './corpora.ts';
import type { ParseOptions } from './formats/format.ts';
import { identifySource, stampSource } from './identity.ts';
import type { Limits } from './limits.ts';
import type { LineOptions } from './line-table.ts';
import { splitLines } from './lines.ts';
import { openPath } from './open-path.ts';
import { isFetched } from './open-url.ts';
import { parse } from './parse.ts';
import type { Block, Line, SentencePair } from './records.ts';
import { fetchSource, openSource, parseSourceSpec, placeOf, type SourceOptions } from './source.ts';

/**
 * The bytes of a source, as a pipeline begins: a path, a URL, `-`, `ARCHIVE#ENTRY`, or a corpus known by name. Nothing
 * is opened or fetched before the pipeline is iterated; each iteration opens it anew.
 */
export function read(spec: string, options: Omit<SourceOptions, 'signal'> = {}): Pipeline<Block> {
  return Pipeline.fromSource<Block>({
    name: 'read',
    options: { source: spec },
    identify: (signal) => identifySource(spec, { ...options, signal }),
    stamp: () => stampSource(spec, options),
    remote: () => remote(spec, options),
    open: blocksOf((reading) => openSource(spec, { ...options, ...reading })),
  });
}

/** The source as other threads open it: a file, or an entry of an archive. */
export function readPath(
  path: string,
  entry: string | undefined,
  name: string,
  limits?: Partial<Limits>,
): Source<Block> {
  return { name: 'read', open: blocksOf((reading) => openPath(path, entry, name, { ...reading, limits })) };
}

/**
 * Standard input and pipes stay in the main thread: what they have given is gone, and nobody else could read it again. So
 * does what is not here yet: it is read while it is being fetched, there alone.
 */
function remote(spec: string, options: Omit<SourceOptions, 'signal'>): Remote | undefined {
  const source = parseSourceSpec(spec);
  const place = placeOf(source, options);
  if (!place || !('url' in place ? isFetched(place, options) : isFile(place.path))) return undefined;
  return {
    module: import.meta.url,
    export: 'readPath',
    async args(signal) {
      // The server is asked here whether it has a newer one, and the progress told if so.
      const file = await fetchSource(source, { ...options, signal });
      return [file?.path, file?.entry, source.name, options.limits];
    },
  };
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    // To open it tells what is wrong with it.
    return false;
  }
}

/** Blocks, from the place on where an earlier run was stopped. */
function blocksOf(openBlocks: (reading: ReadOptions & BlockOptions) => AsyncIterable<Block>): Source<Block>['open'] {
  return async function* open({ signal, lent, resumed, onCheckpoint }) {
    const stopped = (resumed as Place | undefined) ?? { files: 0, bytes: 0 };
    let place: Place = { files: 0, bytes: 0 };
    onCheckpoint(() => {
      const captured = place;
      return () => captured;
    });
    for await (const block of openBlocks({ signal, lent })) {
      const { files, bytes } = place;
      const { length } = block.bytes;
      place = block.last ? { files: files + 1, bytes: 0 } : { files, bytes: bytes + length };
      const skip = Math.min(length, readBefore(stopped, files, bytes));
      // The end of a file must be told even if all its bytes have been read.
      if (skip < length || (block.last && files >= stopped.files)) {
        yield new ArrayChunk([{ ...block, bytes: block.bytes.subarray(skip) }], length - skip);
      }
    }
  };
}

/** How many files have been read to their end, and how far the next. */
type Place = { readonly files: number; readonly bytes: number };

/** How many bytes of a file, from `start` on, had been read when the run was stopped. */
function readBefore(stopped: Place, file: number, start: number): number {
  if (file < stopped.files) return Number.POSITIVE_INFINITY;
  return file > stopped.files ? 0 : Math.max(0, stopped.bytes - start);
}

/** How a text is read. */
export type ReadLinesOptions = Omit<SourceOptions, 'signal'> & Pick<LineOptions, 'invalid'>;

/** The lines of a text. */
export function readLines(spec: string, { invalid, ...options }: ReadLinesOptions = {}): Pipeline<Line> {
  const lineBytes = options.limits?.lineBytes;
  return read(spec, options).pipe(
    splitLines({ ...(invalid && { invalid }), ...(lineBytes !== undefined && { lineBytes }) }),
  );
}

/** What the lines of a corpus look like, for {@link readPairs}. */
export interface FormatOptions {
  /** The name of one of `pairFormats`; by default the named corpus' own, else `snli`. */
  readonly format?: string;
  /** Where the format leaves something open, such as the columns of a table. */
  readonly parse?: ParseOptions;
}

/**
 * The pairs of a corpus.
 *
 * @example
 * readPairs('pairs.csv', { format: 'csv', parse: { premise: 'question1', hypothesis: 'question2', label: 5, entailment: 'yes' } })
 */
export function readPairs(
  spec: string,
  { format = formatOf(spec) ?? 'snli', parse: how, ...options }: ReadLinesOptions & FormatOptions = {},
): Pipeline<SentencePair> {
  return readLines(spec, options).pipe(parse(format, how));
}

/** The records of a file of JSON lines, as a schema makes them: see `parse`. */
export function readRecords<S extends StandardSchemaV1>(
  spec: string,
  schema: S,
  options: ReadLinesOptions = {},
): Pipeline<StandardSchemaV1.InferOutput<S>> {
  return readLines(spec, options).pipe(parse(schema));
}

/** The format of a corpus known by name. */
export function formatOf(spec: string): string | undefined {
  return corpora.get(spec)?.format;
}
