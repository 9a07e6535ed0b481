/** SHA-256 sums: of files, and what becomes of those that have another than they should. */
import { createHash } from 'node:crypto';
import { MillraceError } from '../../pipeline/errors.ts';
import { type ReadOptions, readFile } from '../bytes.ts';

/** The SHA-256 of a file, in hexadecimal. */
export async function sha256Of(path: string, options: ReadOptions = {}): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of readFile(path, options)) hash.update(bytes);
  return hash.digest('hex');
}

/** Whether a sum is one of those that will do; without any, each will. */
export function isExpected(found: string, expected: readonly string[] | undefined): boolean {
  return !expected || expected.some((sum) => sum.toLowerCase() === found);
}

/**
 * @throws MillraceError `MILLRACE_CHECKSUM`
 */
export function assertExpected(source: string, found: string, expected: readonly string[] | undefined): void {
  if (isExpected(found, expected)) return;
  throw new MillraceError('MILLRACE_CHECKSUM', 'The file is not the one that was expected', {
    origin: { source },
    expected: `SHA-256 ${expected?.join(' or ')}`,
    found,
    hint: 'It was changed on its way or at its place; if the file is meant to be a new one, give its sum with --sha256.',
  });
}
