/** Where the main thread and a worker thread do not agree, or cannot. */
import { MillraceError } from '../errors.ts';

/** The counter of records that were left to the main thread. */
export const NOT_SENT = 'inMainThread';

/** @param found the error, in words */
export function onlyThere(found: string): MillraceError {
  return new MillraceError('MILLRACE_WORKER', 'A stage fails in a worker thread, and only there', {
    found,
    hint: 'What `remote` makes must be the same stage, and must not need what only the main thread has.',
  });
}
