/** Where a command's records go: JSON lines to stdout or a file. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { MillraceError, type Pipeline } from '../pipeline/index.ts';

/**
 * Writes a pipeline's records, one JSON object a line, chunk by chunk at the reader's pace. A file is whole or not
 * there: it is written beside its place and renamed at the end.
 *
 * @param to a file, or `-` for stdout
 */
export async function writeJsonLines<T>(
  pipeline: Pipeline<T>,
  to: string,
  print: (record: T) => unknown,
  signal: AbortSignal,
): Promise<void> {
  if (to === '-') return writeTo(process.stdout, pipeline, print, signal);
  const beside = `${to}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(to), { recursive: true });
    const file = createWriteStream(beside);
    await once(file, 'open');
    await writeTo(file, pipeline, print, signal);
    file.end();
    await finished(file);
    await rename(beside, to);
  } catch (error) {
    await rm(beside, { force: true });
    if (error instanceof Error && 'syscall' in error) {
      throw new MillraceError('MILLRACE_NOT_FOUND', `The output cannot be written (${error.message})`, {
        origin: { source: to },
        cause: error,
      });
    }
    throw error;
  }
}

async function writeTo<T>(
  out: Writable,
  pipeline: Pipeline<T>,
  print: (record: T) => unknown,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of pipeline.chunks(signal)) {
    let text = '';
    for (const record of chunk) text += `${JSON.stringify(print(record))}\n`;
    if (!out.write(text)) await once(out, 'drain', { signal });
  }
}
