import { MillraceError } from '../../pipeline/errors.ts';
import { httpError } from '../http/errors.ts';

/** What the file system said to a download, as one of our errors; all other errors stay as they are. */
export function diskError(error: unknown, url: string): unknown {
  if (error instanceof MillraceError || !(error instanceof Error) || !('syscall' in error)) return error;
  const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');
  const summary = isFull
    ? 'There is no room for the download in the cache folder; what has arrived is kept, and the next try goes on there'
    : 'The download cannot be written to the cache folder';
  return httpError(url, summary, {
    hint: 'Make room there, or choose another folder with --cache-dir or MILLRACE_CACHE.',
    cause: error,
  });
}
