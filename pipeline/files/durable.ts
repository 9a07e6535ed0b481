/** What is put in its place so that it stays there, even if the power fails. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Puts a file in its place in one step: nobody ever sees half of it there, and it does not vanish again. */
export async function moveInPlace(from: string, to: string): Promise<void> {
  const file = await open(from, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Writes down the names in a folder. Without it a crash may take back a rename, though not the file's own bytes. */
export async function syncFolder(path: string): Promise<void> {
  // Windows opens no folder as a file, and some network drives sync none; what a rename is worth there is theirs to say.
  const folder = await open(path, 'r').catch(() => undefined);
  try {
    await folder?.sync().catch(() => {});
  } finally {
    await folder?.close();
  }
}
