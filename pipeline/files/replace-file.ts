import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { moveInPlace } from './durable.ts';
import { giveUp, ownName, removeAbandoned } from './own-name.ts';

/**
 * Puts in the place of a file, if there is one, what `write` writes to the path that it is given: all of it, or nothing,
 * also after a crash. Folders are made. Errors are those of the file system and of `write`.
 */
export async function replaceFile(path: string, write: (beside: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await removeAbandoned(path);
  const beside = ownName(path);
  try {
    await write(beside);
    await moveInPlace(beside, path);
  } finally {
    await giveUp(beside);
  }
}
