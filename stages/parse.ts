import { defineStage, type Stage, unknownName } from '../pipeline/index.ts';
import type { PairFormat } from './formats/format.ts';
import { jsonl } from './formats/jsonl.ts';
import { sick } from './formats/sick.ts';
import { snli } from './formats/snli.ts';
import type { Line, SentencePair } from './records.ts';

/** The formats of sentence pairs that `parse` reads, by name. */
export const pairFormats: Readonly<Record<string, PairFormat>> = { snli, jsonl, sick };

/**
 * Lines to sentence pairs. Blank lines are dropped.
 *
 * @param format `snli`, `jsonl` or `sick`
 * @throws MillraceError MILLRACE_USAGE for an unknown format; MILLRACE_BAD_RECORD, subject to the error policy, for a
 * line that breaks a rule of the format
 */
export function parse(format: string): Stage<Line, SentencePair> {
  const chosen = Object.hasOwn(pairFormats, format) ? pairFormats[format] : undefined;
  if (!chosen) throw unknownName('format', format, Object.keys(pairFormats));
  return defineStage<Line, SentencePair>({
    name: 'parse',
    options: { format },
    remote: { module: import.meta.url, export: 'parse', args: [format] },
    record: (line, context) => (line.text.trim() === '' ? context.drop('blank line') : chosen.pair(line, context)),
    ...(chosen.columns && { columns: chosen.columns }),
  });
}
