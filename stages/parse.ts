import type { StandardSchemaV1 } from '@standard-schema/spec';
import { defineStage, MillraceError, type RecordForm, type Stage, unknownName } from '../pipeline/index.ts';
import type { PairFormat, PairFormatEntry, ParseOptions } from './formats/format.ts';
import { jsonl } from './formats/jsonl.ts';
import { quora } from './formats/quora.ts';
import { type RowLayout, rowsOf } from './formats/rows.ts';
import { csv, tsv } from './formats/separated.ts';
import { sick } from './formats/sick.ts';
import { snli } from './formats/snli.ts';
import { snliTsv } from './formats/snli-tsv.ts';
import { stsb } from './formats/stsb.ts';
import type { Line, SentencePair } from './records.ts';
import { parseWith } from './schema.ts';

/** The formats of sentence pairs that `parse` reads, by name. */
export const pairFormats: Readonly<Record<string, PairFormatEntry>> = {
  ...{ snli, 'snli-tsv': snliTsv, jsonl, sick, stsb, quora },
  ...{ csv, tsv },
};

/**
 * Lines to sentence pairs. Blank lines are dropped.
 *
 * @param format `snli`, `snli-tsv`, `jsonl`, `sick`, `stsb`, `quora`, `csv` or `tsv`
 * @param options where the format leaves something open: see {@link ParseOptions}
 * @throws MillraceError MILLRACE_USAGE for an unknown format or an option that it has not, and, when iterated, for a column
 * that a table has not; MILLRACE_BAD_RECORD, subject to the error policy, for a line that breaks a rule of the format
 */
export function parse(format: string, options?: ParseOptions): Stage<Line, SentencePair>;
/**
 * Lines of JSON to what a schema makes of them: any validator that speaks Standard Schema (zod, valibot, arktype, ...), also
 * an asynchronous one. Blank lines are dropped.
 *
 * @throws MillraceError MILLRACE_BAD_RECORD, subject to the error policy, for a line that is no JSON or breaks the schema,
 * with the path and message of each issue
 */
export function parse<S extends StandardSchemaV1>(schema: S): Stage<Line, StandardSchemaV1.InferOutput<S>>;
export function parse(format: string | StandardSchemaV1, options: ParseOptions = {}): Stage<Line, unknown> {
  return typeof format === 'string' ? parsePairs(format, options) : parseWith(format);
}

function parsePairs(format: string, options: ParseOptions): Stage<Line, SentencePair> {
  const entry = Object.hasOwn(pairFormats, format) ? pairFormats[format] : undefined;
  if (!entry) throw unknownName('format', format, Object.keys(pairFormats));
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  for (const option of Object.keys(given)) assertOption(format, entry, option);
  const chosen = entry.make(given);
  const form: RecordForm<Line, SentencePair> = {
    name: 'parse',
    options: { format, ...given },
    remote: { module: import.meta.url, export: 'parse', args: [format, given] },
    record: (line, context) => (line.text.trim() === '' ? context.drop('blank line') : chosen.pair(line, context)),
    ...(chosen.columns && { columns: chosen.columns }),
  };
  return chosen.rows ? afterRows(chosen, chosen.rows, form) : defineStage(form);
}

/** The stage on rows: what comes before in the file, such as its header, says how a row is read. */
function afterRows(
  format: PairFormat,
  layout: RowLayout,
  form: RecordForm<Line, SentencePair>,
): Stage<Line, SentencePair> {
  const { stream } = defineStage(form).spec;
  const { name, options, remote } = form;
  return defineStage<Line, SentencePair>({
    name,
    ...(options && { options }),
    ...(remote && { remote: { ...remote, withSource: true } }),
    // Where the stage is, is where its rows are: of a pair nothing is kept.
    stream: (source, context) =>
      stream(
        rowsOf(source, layout, context, (rows) => format.readAhead?.(rows)),
        { ...context, resumed: undefined, onCheckpoint: () => {} },
      ),
  });
}

function assertOption(format: string, { options }: PairFormatEntry, option: string): void {
  if ((options as readonly string[]).includes(option)) return;
  throw new MillraceError('MILLRACE_USAGE', `The format ${format} has no option ${option}`, {
    expected: options.length > 0 ? `one of ${options.join(', ')}` : 'no options',
    found: option,
  });
}
