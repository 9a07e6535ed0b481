import { writeFile } from 'node:fs/promises';
import { cannotWrite } from '../pipeline/files/cannot-write.ts';
import { replaceFile } from '../pipeline/files/replace-file.ts';

/**
 * Writes a file that is either whole or not there, also after a crash: beside its place first, then renamed. Several may
 * write the same file at once: the last to be renamed stays.
 *
 * @throws MillraceError MILLRACE_NOT_FOUND when it cannot be written there
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array | Iterable<Uint8Array>): Promise<void> {
  try {
    await replaceFile(path, (beside) => writeFile(beside, data));
  } catch (error) {
    throw cannotWrite(path, error);
  }
}
