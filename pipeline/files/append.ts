import { appendFileSync, ftruncateSync } from 'node:fs';

/**
 * Appends a text to an open file, all of it or nothing: what a disk takes of it before it is full is cut off again.
 *
 * @param size that of the file, in bytes
 * @returns its size from then on
 */
export function appendWhole(file: number, size: number, text: string): number {
  const bytes = Buffer.from(text);
  try {
    // Unlike one call to write, which may take less than it is given.
    appendFileSync(file, bytes);
  } catch (error) {
    try {
      ftruncateSync(file, size);
    } catch {
      // The first error tells more.
    }
    throw error;
  }
  return size + bytes.length;
}
