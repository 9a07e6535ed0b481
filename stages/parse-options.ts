/** Formats and their options as text, for the stage `parse` and for commands that read pairs. */
import { MillraceError } from '../pipeline/index.ts';
import type { ParseOptions } from './formats/format.ts';
import { choice, type Options, readOptions, text, yesOrNo } from './options.ts';
import { pairFormats } from './parse.ts';

const parts = {
  premise: text('where the premise is: a column by name or number, from 1; for JSON a field, such as pair.first'),
  hypothesis: text('where the hypothesis is'),
  label: text('where the label is'),
  score: text('where the score is'),
  id: text('where the id is'),
};

const labels = {
  entailment: text('what entailment is called; a map of labels leaves no others'),
  neutral: text('what neutral is called'),
  contradiction: text('what contradiction is called'),
  unlabeled: text('what is written for pairs without a label, which are dropped'),
};

/** The options of `parse`. Each format has some of them. */
export const formatOptions = {
  format: choice('what the lines look like', summaries(), 'snli'),
  ...parts,
  header: yesOrNo('for csv, tsv: whether there is a header (default: if a column is given by name)'),
  quotes: yesOrNo('for csv, tsv, quora: whether cells may stand within quotes (default true)'),
  ...labels,
};

/** What a command is told of the format of its sources. */
export interface FormatFlags {
  /** `NAME`, or `NAME,option=value,...` as after `parse:`. */
  readonly format?: string;
  /** `premise=2,hypothesis=3,label=1` */
  readonly columns?: string;
  /** `premise=text_a,hypothesis=text_b,label=gold.label` */
  readonly fields?: string;
  /** `entailment=0,neutral=1,contradiction=2` */
  readonly labels?: string;
}

/**
 * A command's flags as options of `readPairs`.
 *
 * @throws MillraceError MILLRACE_USAGE for an unknown format or option, and for one that is given twice
 */
export function readFormatFlags({ format: written, columns, fields, labels: map }: FormatFlags): {
  format?: string;
  parse?: ParseOptions;
} {
  const format = { ...formatOptions, format: { ...formatOptions.format, fallback: undefined } } as Options;
  const given: Record<string, unknown> = {};
  const add = (owner: string, text: string | undefined, options: Options, main?: string) => {
    for (const [name, value] of Object.entries(readOptions(owner, text ?? '', options, main))) {
      if (name in given) {
        throw new MillraceError('MILLRACE_USAGE', `${owner} gives ${name}, which was given before`, {
          expected: `${name} once`,
          found: text,
        });
      }
      given[name] = value;
    }
  };
  add('--format', written, format, 'format');
  add('--columns', columns, parts);
  add('--fields', fields, parts);
  add('--labels', map, labels);
  const { format: name, ...options } = given;
  return {
    ...(name !== undefined && { format: name as string }),
    ...(Object.keys(options).length > 0 && { parse: options as ParseOptions }),
  };
}

function summaries(): Record<string, string> {
  return Object.fromEntries(Object.entries(pairFormats).map(([name, { summary }]) => [name, summary]));
}
