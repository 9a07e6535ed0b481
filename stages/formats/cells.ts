import { createRequire } from 'node:module';
import type { RowLayout } from './rows.ts';

/** Loaded when the first row with quotes comes, since a run without any need not wait for it. */
const csvParse = (): typeof import('csv-parse/sync') => createRequire(import.meta.url)('csv-parse/sync');

/**
 * The cells of rows. Those with quotes are read by csv-parse, all at once: what it does before its first byte costs as
 * much as some rows.
 *
 * @returns `undefined` where a row is none: it has line ends outside of quotes
 */
export function cellsOf(texts: readonly string[], { delimiter, quotes }: RowLayout): string[][] | undefined {
  const isQuoted = (text: string) => quotes && text.includes('"');
  const quoted = texts.filter(isQuoted);
  const read: string[][] =
    quoted.length === 0
      ? []
      : csvParse().parse(quoted.join('\n'), {
          ...{ delimiter, record_delimiter: '\n' },
          // A quote within a cell is a quote. How many cells there must be is not for csv-parse to say.
          ...{ relax_quotes: true, relax_column_count: true },
        });
  if (read.length !== quoted.length) return undefined;
  let next = 0;
  return texts.map((text) => (isQuoted(text) ? (read[next++] as string[]) : text.split(delimiter)));
}
