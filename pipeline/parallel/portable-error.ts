import { type ErrorDetails, MillraceError } from '../errors.ts';
import type { Packed } from './messages.ts';
import { portable } from './portable.ts';

/** An error of ours as plain values. */
export interface PortableError {
  readonly code: MillraceError['code'];
  readonly summary: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly details: ErrorDetails;
  /** There if the cause is an error of ours too. */
  readonly cause?: PortableError;
}

const NATIVE = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError] as const;

/** @returns undefined for an error with something in it that would arrive as something else */
export function packError(error: MillraceError): PortableError | undefined {
  const { code, summary, message, stack, origin, expected, found, hint, cause } = error;
  const details = portable({ origin, expected, found, hint });
  const packed = cause instanceof MillraceError ? packError(cause) : undefined;
  const native = isNative(cause) ? { value: cause } : portable(cause);
  if (!details || !(packed || native)) return undefined;
  return {
    code,
    summary,
    message,
    stack,
    details: { ...(details.value as ErrorDetails), ...(!packed && { cause: native?.value }) },
    ...(packed && { cause: packed }),
  };
}

export function unpackError({ code, summary, message, stack, details, cause }: PortableError): MillraceError {
  const error = new MillraceError(code, summary, cause ? { ...details, cause: unpackError(cause) } : details);
  // It was put together where the error was made, and the stack is told from there.
  error.message = message;
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** @returns undefined where the error or the record would arrive as another */
export function packReject(error: MillraceError, raw: unknown): Packed | undefined {
  const packed = packError(error);
  const record = portable(raw);
  return packed && record && { error: packed, raw: record.value };
}

/** Why something cannot be made in a worker thread. */
export function unmade(error: unknown): PortableError {
  const packed = error instanceof MillraceError ? packError(error) : undefined;
  if (packed) return packed;
  return packError(
    new MillraceError('MILLRACE_USAGE', 'A stage cannot be made in a worker thread', {
      found: describe(error),
      hint: 'The module and the arguments that its `remote` names must give the stage there too.',
    }),
  ) as PortableError;
}

/** Any error, in words. */
export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}

/** Whether `postMessage` copies the error with all that it has. */
function isNative(error: unknown): boolean {
  if (!(error instanceof Error) || Object.keys(error).length > 0 || error.cause !== undefined) return false;
  return (NATIVE as readonly unknown[]).includes(error.constructor);
}
