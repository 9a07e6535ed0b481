import type { FileHandle } from 'node:fs/promises';

/**
 * Fills `bytes` with what a file has from `position` on. A system may give less at a time than it is asked for.
 *
 * @returns how many there were before the end of the file
 */
export async function readFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
