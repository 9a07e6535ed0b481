import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MillraceError } from '../pipeline/errors.ts';
import { moveInPlace } from './durable.ts';

/**
 * Writes a file that is either whole or not there, also after a crash: beside its place first, then renamed.
 *
 * @throws MillraceError MILLRACE_NOT_FOUND when it cannot be written there
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array | Iterable<Uint8Array>): Promise<void> {
  const beside = `${path}.${process.pid}-${writes++}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(beside, data);
    await moveInPlace(beside, path);
  } catch (error) {
    // What lies in the way of the file lies in the way of removing it too; the first error tells more.
    await rm(beside, { force: true }).catch(() => {});
    throw cannotWrite(path, error);
  }
}

// Several may write the same file at once: each has its own beside it, and the last to be renamed stays.
let writes = 0;

/** That a file cannot be written, and what the file system says to it. */
export function cannotWrite(path: string, cause: unknown): MillraceError {
  return new MillraceError('MILLRACE_NOT_FOUND', `This cannot be written (${(cause as Error).message})`, {
    origin: { source: path },
    cause,
  });
}
