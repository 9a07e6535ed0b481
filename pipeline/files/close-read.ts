import type { FileHandle } from 'node:fs/promises';

/** Closes a file that was only read. What a system says to that is of no interest: every byte of it has been given. */
export async function closeRead(file: FileHandle): Promise<void> {
  await file.close().catch(() => {});
}
