/**
 * Every error that Millrace raises on purpose, with a code that stays the same from release to release.
 *
 * An error says where it happened (`origin`), what was expected, what was found, and what to do about it. The command
 * line prints exactly that; programs switch on `code`.
 */

import { inspect } from 'node:util';

/** Where a record came from: so that any cell of any batch can be traced back to its line. */
export interface Origin {
  /** The path, URL or corpus name that was opened. */
  readonly source: string;
  /** The archive entry, when the source is an archive. */
  readonly entry?: string;
  /** 1-based line within the file or entry. */
  readonly line?: number;
}

export const errorCodes = {
  MILLRACE_ABORTED: 'the run was aborted',
  MILLRACE_BAD_ARCHIVE: 'an archive is damaged or is not an archive',
  MILLRACE_BAD_RECORD: 'a record breaks a rule of its format',
  MILLRACE_BAD_RUN: 'a run folder is missing, incomplete or from another version',
  MILLRACE_CHECKSUM: 'the bytes are not those that were promised',
  MILLRACE_ENGINE: 'no TensorFlow.js backend can do what was asked',
  MILLRACE_HTTP: 'a download failed',
  MILLRACE_LIMIT: 'a source is larger than a limit allows',
  MILLRACE_NOT_FOUND: 'a file, entry or corpus does not exist',
  MILLRACE_NOT_TEXT: 'a file is not text in UTF-8 with lines apart by newlines',
  MILLRACE_SHAPE: 'records of another kind were expected here',
  MILLRACE_STATE: 'a state is of another pipeline, source or version',
  MILLRACE_USAGE: 'an option or name is wrong',
  MILLRACE_WORKER: 'a worker thread ended before its work was done, or cannot do it',
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorDetails {
  readonly origin?: Origin;
  /** The rule that was broken, as a noun phrase: "one of entailment, neutral, contradiction, -". */
  readonly expected?: string;
  /** The offending value, shortened by the error when long. */
  readonly found?: unknown;
  /** What the reader can do next, as a sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The one error class. `message` is complete in itself; the parts are there for programs. */
export class MillraceError extends Error {
  readonly code: ErrorCode;
  /** What is wrong, without where and with what: the first words of the message. */
  readonly summary: string;
  readonly origin: Origin | undefined;
  readonly expected: string | undefined;
  readonly found: unknown;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, summary: string, details: ErrorDetails = {}) {
    super(compose(summary, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'MillraceError';
    this.code = code;
    this.summary = summary;
    this.origin = details.origin;
    this.expected = details.expected;
    this.found = details.found;
    this.hint = details.hint;
  }

  /** Plain JSON for `--json` and quarantine files. */
  toJSON(): Record<string, unknown> {
    const { code, message, origin, expected, hint } = this;
    return { code, message, origin, expected, found: this.found === undefined ? undefined : show(this.found), hint };
  }
}

/** `corpus.zip#dev.jsonl:17`, the way compilers name places. */
export function formatOrigin(origin: Origin): string {
  const file = origin.entry === undefined ? origin.source : `${origin.source}#${origin.entry}`;
  return origin.line === undefined ? file : `${file}:${origin.line}`;
}

/**
 * A "no such name" error that lists the names that would have worked, in the order of `known`.
 *
 * @param kind what is being named, as in "stage" or "corpus"
 */
export function unknownName(kind: string, name: string, known: Iterable<string>): MillraceError {
  const names = [...known];
  return new MillraceError('MILLRACE_USAGE', `There is no ${kind} named "${name}"`, {
    expected: `one of ${names.join(', ')}`,
    found: name,
  });
}

function compose(summary: string, { origin, expected, found, hint }: ErrorDetails): string {
  let text = origin ? `${formatOrigin(origin)}: ${summary}` : summary;
  if (expected !== undefined) text += `; expected ${expected}`;
  if (found !== undefined) text += `, found ${show(found)}`;
  return hint === undefined ? text : `${text}. ${hint}`;
}

const LONGEST_VALUE = 120;

function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : print(value);
  return text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE - 1)}…`;
}

/** On one line: an object with its contents, an error without its stack. */
function print(value: unknown): string {
  if (value instanceof Error) return String(value);
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: true });
}
