/** How engines say that they cannot run here. */

import { MillraceError } from '../pipeline/errors.ts';
import type { EngineName } from './engine.ts';

/** @param reason as in "is not installed" */
export function unavailable(name: EngineName, reason: string, hint: string, cause?: unknown): MillraceError {
  const because =
    cause === undefined ? '' : `: ${(cause instanceof Error ? cause.message : String(cause)).split('\n')[0]}`;
  return new MillraceError('MILLRACE_ENGINE', `${subject(name)}${reason}${because}`, { hint, cause });
}

/** The reason alone, without the engine's name and what to do. */
export function reasonOf(name: EngineName, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof MillraceError && error.hint !== undefined ? `. ${error.hint}` : '';
  const end = hint !== '' && message.endsWith(hint) ? message.length - hint.length : message.length;
  const start = message.startsWith(subject(name)) ? subject(name).length : 0;
  return message.slice(start, end);
}

function subject(name: EngineName): string {
  return `The ${name} engine `;
}
