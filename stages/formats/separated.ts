import { MillraceError } from '../../pipeline/index.ts';
import { lineId, type PairFormatEntry, type ParseOptions } from './format.ts';
import { LabelMap, NO_LABEL_REASON, OWN_NAMES } from './labels.ts';
import type { RowLayout } from './rows.ts';
import { type Column, type Columns, isNumber, scoreIn, sentenceIn, tableFormat } from './table.ts';

const PARTS = ['premise', 'hypothesis', 'label', 'score', 'id'] as const;
const MUST_BE_THERE: readonly string[] = ['premise', 'hypothesis'];

type Part = (typeof PARTS)[number];

/**
 * Any table: cells apart by commas or tabs, in quotes or not (RFC 4180). Which columns are meant, options say by number or by
 * the header's name; those of which nothing is said are the ones named `premise`, `hypothesis`, `label`, `score` and `id`, the
 * last three if they are there. A label, score or id whose cell is empty is none.
 */
function separated(name: string, delimiter: RowLayout['delimiter'], summary: string): PairFormatEntry {
  return {
    summary,
    options: [...PARTS, 'header', 'quotes', 'entailment', 'neutral', 'contradiction', 'unlabeled'],
    make(options) {
      const labels = LabelMap.of(options, OWN_NAMES);
      const header = hasHeader(name, options);
      const columns = Object.fromEntries(PARTS.map((part) => [part, columnOf(part, options)])) as Columns<Part>;
      return tableFormat<Part>({
        layout: { delimiter, quotes: options.quotes ?? true, isHeader: () => header },
        columns: () => columns,
        pair(cell, origin, context) {
          const labelName = cell('label');
          if (labelName !== undefined && labelName === labels.unlabeled) return context.drop(NO_LABEL_REASON);
          const label = labelName === undefined ? undefined : labels.labelOf(labelName, 'label', origin);
          const score = scoreIn(cell('score'), origin);
          return {
            id: cell('id') ?? lineId(origin),
            ...(label !== undefined && { label }),
            ...(score !== undefined && { score }),
            premise: { text: sentenceIn(cell, 'premise', origin) },
            hypothesis: { text: sentenceIn(cell, 'hypothesis', origin) },
            origin,
          };
        },
      });
    },
  };
}

/** Names are a header's. Where there are none the first line is a row, unless the options say that it is no such thing. */
function hasHeader(name: string, options: ParseOptions): boolean {
  const columns = PARTS.map((part) => options[part] ?? (MUST_BE_THERE.includes(part) ? part : undefined));
  const named = columns.filter((column) => column !== undefined && !isNumber(column));
  if (options.header !== false || named.length === 0) return options.header ?? named.length > 0;
  throw new MillraceError('MILLRACE_USAGE', `${name} without a header has no names of columns`, {
    expected: 'the numbers of the columns, from 1, such as premise=2,hypothesis=3',
    found: named.join(', '),
  });
}

function columnOf(part: Part, { [part]: given }: ParseOptions): Column {
  return { column: given ?? part, optional: given === undefined && !MUST_BE_THERE.includes(part) };
}

export const csv = separated(
  'csv',
  ',',
  'cells apart by commas; columns by name or number: premise=2,hypothesis=3,label=1,score=...,id=...',
);

export const tsv = separated('tsv', '\t', 'cells apart by tabs; columns as for csv');
