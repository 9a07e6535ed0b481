/** Options of stages as text: what each may be, and reading them. */
import { MillraceError } from '../pipeline/index.ts';

export interface Option<V = unknown> {
  readonly help: string;
  /** What stands for a value in the help: `N`, `TEXT`. */
  readonly placeholder: string;
  readonly fallback?: V;
  /** For an option with few values: what each means. */
  readonly choices?: Readonly<Record<string, string>>;
  /** The value, or `undefined` for a text that is none. */
  read(text: string): V | undefined;
}

export type Options = Readonly<Record<string, Option>>;

/** What options read as: the value, or nothing where an option has neither value nor fallback. */
export type OptionValues<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer V> ? V : never };

/** A whole number of 0 or more. */
export function integer(help: string, fallback: number): Option<number>;
export function integer(help: string): Option<number | undefined>;
export function integer(help: string, fallback?: number): Option<number | undefined> {
  return {
    help,
    placeholder: 'N',
    ...(fallback !== undefined && { fallback }),
    read: (value) => (/^\d+$/.test(value) ? Number(value) : undefined),
  };
}

/** Whole numbers apart by `|`. */
export function integers(help: string): Option<number[] | undefined> {
  return {
    help,
    placeholder: 'N|N|...',
    read: (value) => (/^\d+(\|\d+)*$/.test(value) ? value.split('|').map(Number) : undefined),
  };
}

export function text(help: string): Option<string | undefined> {
  return { help, placeholder: 'TEXT', read: (value) => value };
}

export function flag(help: string): Option<boolean> {
  return {
    help,
    placeholder: 'true|false',
    fallback: false,
    read: (value) => ({ true: true, false: false })[value],
  };
}

export function choice(help: string, choices: Readonly<Record<string, string>>, fallback: string): Option<string> {
  return {
    help,
    placeholder: 'NAME',
    fallback,
    choices,
    read: (value) => (value in choices ? value : undefined),
  };
}

/**
 * Reads `name=value,name=value`; the first value may go without a name and is the main option's then. A comma within a
 * value is written `\,`.
 *
 * @param owner what the options belong to, for errors
 * @throws MillraceError MILLRACE_USAGE, with what would have worked
 */
export function readOptions(owner: string, written: string, options: Options, main?: string): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, { fallback }] of Object.entries(options)) if (fallback !== undefined) values[name] = fallback;
  const parts = written === '' ? [] : written.split(/(?<!\\),/).map((part) => part.replaceAll('\\,', ','));
  parts.forEach((part, position) => {
    const [, named, rest] = /^([a-z][a-z-]*)=(.*)$/s.exec(part) ?? [];
    const isNamed = named !== undefined && (named in options || position > 0 || main === undefined);
    const name = isNamed ? named : position === 0 ? main : undefined;
    const option = name === undefined ? undefined : options[name];
    if (name === undefined || !option) {
      throw new MillraceError('MILLRACE_USAGE', `${owner} has no such option`, {
        expected: expectedOptions(options, main),
        found: part,
      });
    }
    const value = isNamed ? (rest as string) : part;
    const read = option.read(value);
    if (read === undefined) {
      throw new MillraceError('MILLRACE_USAGE', `${owner} cannot read its option ${name}`, {
        expected: option.choices ? `one of ${Object.keys(option.choices).join(', ')}` : option.placeholder,
        found: value,
      });
    }
    values[name] = read;
  });
  return values;
}

function expectedOptions(options: Options, main: string | undefined): string {
  const names = Object.entries(options).map(([name, { placeholder }]) => `${name}=${placeholder}`);
  if (names.length === 0) return 'no options';
  return `${names.join(', ')}${main === undefined ? '' : ` (${main}= may be left out)`}`;
}
