import { ArrayChunk, Pipeline } from '../pipeline/index.ts';
import { corpora } from './corpora.ts';
import { identifySource } from './identity.ts';
import { lines } from './lines.ts';
import { parse } from './parse.ts';
import type { Block, Line, SentencePair } from './records.ts';
import { openSource, type SourceOptions } from './source.ts';

/**
 * The bytes of a source, as a pipeline begins: a path, a URL, `-`, `ARCHIVE#ENTRY`, or a corpus known by name. Nothing
 * is opened or fetched before the pipeline is iterated; each iteration opens it anew.
 */
export function read(spec: string, options: Omit<SourceOptions, 'signal'> = {}): Pipeline<Block> {
  return Pipeline.fromSource<Block>({
    name: 'read',
    options: { source: spec },
    identify: (signal) => identifySource(spec, { ...options, signal }),
    async *open({ signal, resumed, onCheckpoint }) {
      // How many files have been read to their end, and how far the next.
      const place = { files: 0, bytes: 0 };
      const stopped = (resumed as typeof place | undefined) ?? { files: 0, bytes: 0 };
      onCheckpoint(() => {
        const { files, bytes } = place;
        return () => ({ files, bytes });
      });
      for await (const block of openSource(spec, { ...options, signal })) {
        const start = place.bytes;
        place.bytes += block.bytes.length;
        const skip =
          place.files < stopped.files
            ? block.bytes.length
            : place.files > stopped.files
              ? 0
              : Math.max(0, stopped.bytes - start);
        const isNew = place.files >= stopped.files && (skip < block.bytes.length || block.last);
        if (block.last) {
          place.files++;
          place.bytes = 0;
        }
        if (isNew) {
          const part = skip > 0 ? { ...block, bytes: block.bytes.subarray(skip) } : block;
          yield new ArrayChunk([part], part.bytes.length);
        }
      }
    },
  });
}

/** The lines of a text. */
export function readLines(spec: string, options: Omit<SourceOptions, 'signal'> = {}): Pipeline<Line> {
  return read(spec, options).pipe(lines);
}

/**
 * The pairs of a corpus.
 *
 * @param format `snli`, `jsonl` or `sick`; by default the named corpus' own, else `snli`
 */
export function readPairs(
  spec: string,
  { format = formatOf(spec) ?? 'snli', ...options }: Omit<SourceOptions, 'signal'> & { format?: string } = {},
): Pipeline<SentencePair> {
  return readLines(spec, options).pipe(parse(format));
}

/** The format of a corpus known by name. */
export function formatOf(spec: string): string | undefined {
  return corpora.get(spec)?.format;
}
