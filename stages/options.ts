/** Options of stages as text: what each may be, and reading them. */
import { MillraceError } from '../pipeline/index.ts';

export interface Option<V = unknown> {
  readonly help: string;
  /** What stands for a value in the help: `N`, `TEXT`. */
  readonly placeholder: string;
  /** What a value must be, as an error says it: `a whole number`. */
  readonly rule: string;
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
    rule: 'a whole number of 0 or more',
    ...(fallback !== undefined && { fallback }),
    read: (value) => {
      const number = /^\d+$/.test(value) ? Number(value) : undefined;
      return Number.isSafeInteger(number) ? number : undefined;
    },
  };
}

/** A share: a number from 0 to 1. */
export function share(help: string, fallback: number): Option<number> {
  return {
    help,
    placeholder: 'X',
    rule: 'a number from 0 to 1',
    fallback,
    read: (value) => (/^\d*\.?\d+$/.test(value) && Number(value) <= 1 ? Number(value) : undefined),
  };
}

/** Whole numbers apart by `-`, or by `|`, which a shell must not see. */
export function integers(help: string): Option<number[] | undefined> {
  return {
    help,
    placeholder: 'N-N-...',
    rule: 'whole numbers, such as 8-16-32',
    read: (value) => (/^\d+([-|]\d+)*$/.test(value) ? value.split(/[-|]/).map(Number) : undefined),
  };
}

export function text(help: string): Option<string | undefined> {
  return { help, placeholder: 'TEXT', rule: 'a text', read: (value) => value };
}

export function flag(help: string): Option<boolean> {
  return { ...yesOrNo(help), fallback: false } as Option<boolean>;
}

/** A flag that means a third thing where it is not given. */
export function yesOrNo(help: string): Option<boolean | undefined> {
  return {
    help,
    placeholder: 'true|false',
    rule: 'true or false',
    read: (value) => (value === 'true' || value === 'false' ? value === 'true' : undefined),
  };
}

export function choice(help: string, choices: Readonly<Record<string, string>>, fallback: string): Option<string> {
  return {
    help,
    placeholder: 'NAME',
    rule: `one of ${Object.keys(choices).join(', ')}`,
    fallback,
    choices,
    read: (value) => (Object.hasOwn(choices, value) ? value : undefined),
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
  const given: Record<string, unknown> = {};
  const parts = written === '' ? [] : written.split(/(?<!\\),/).map((part) => part.replaceAll('\\,', ','));
  parts.forEach((part, position) => {
    const [, name = position === 0 ? main : undefined, value = part] = /^([a-z][a-z-]*)=(.*)$/s.exec(part) ?? [];
    const wrong = (problem: string, expected: string, found: string) =>
      new MillraceError('MILLRACE_USAGE', `${owner} ${problem}`, { expected, found });
    const option = name !== undefined && Object.hasOwn(options, name) ? options[name] : undefined;
    if (name === undefined || !option) throw wrong('has no such option', expectedOptions(options, main), part);
    if (name in given) throw wrong(`was given its option ${name} twice`, `${name} once`, written);
    given[name] = option.read(value);
    if (given[name] === undefined) throw wrong(`cannot read its option ${name}`, option.rule, value);
  });
  const fallbacks = Object.entries(options).flatMap(([name, { fallback }]) =>
    fallback === undefined ? [] : [[name, fallback]],
  );
  return { ...Object.fromEntries(fallbacks), ...given };
}

function expectedOptions(options: Options, main: string | undefined): string {
  const names = Object.entries(options).map(([name, { placeholder }]) => `${name}=${placeholder}`);
  if (names.length === 0) return 'no options';
  return `${names.join(', ')}${main === undefined ? '' : ` (${main}= may be left out)`}`;
}
