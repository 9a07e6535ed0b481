import { MillraceError } from '../errors.ts';

/** That a file cannot be written, and what the file system says to it: of an open file it does not tell which. */
export function cannotWrite(path: string, cause: unknown): MillraceError {
  return new MillraceError('MILLRACE_NOT_FOUND', `This cannot be written (${(cause as Error).message})`, {
    origin: { source: path },
    cause,
  });
}
