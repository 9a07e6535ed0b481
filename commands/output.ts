/** Where a command's records go: JSON lines to stdout or a file, or an Arrow file. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { pipeline as connect } from 'node:stream/promises';
import { replaceFile } from '../pipeline/files/replace-file.ts';
import { MillraceError, type Pipeline } from '../pipeline/index.ts';
import { arrowFile } from '../stages/index.ts';

/**
 * Writes a pipeline's records, chunk by chunk at the reader's pace: as an Arrow file if that is how `to` ends, else one
 * JSON object a line. A file is whole or not there: it is written beside its place and renamed at the end.
 *
 * @param to a file, or `-` for stdout
 * @param print makes a plain copy of what is to be written of a record
 * @throws MillraceError MILLRACE_NOT_FOUND when the file cannot be written; MILLRACE_SHAPE for records that an Arrow file
 * cannot hold
 */
export async function writeRecords<T>(
  records: Pipeline<T>,
  to: string,
  print: (record: T) => unknown,
  signal: AbortSignal,
): Promise<void> {
  if (to === '-') return writeToStdout(jsonLines(records, print, signal), signal);
  const content = to.endsWith('.arrow')
    ? arrowFile(printed(records, print, signal))
    : jsonLines(records, print, signal);
  try {
    await replaceFile(to, (beside) => connect(content, createWriteStream(beside)));
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new MillraceError('MILLRACE_NOT_FOUND', `The output cannot be written (${error.message})`, {
      origin: { source: to },
      cause: error,
    });
  }
}

async function writeToStdout(lines: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
  for await (const text of lines) {
    // A reader may never come back for more, so the wait for it ends with the signal too.
    if (!process.stdout.write(text)) await once(process.stdout, 'drain', { signal });
  }
}

async function* jsonLines<T>(
  records: Pipeline<T>,
  print: (record: T) => unknown,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  for await (const chunk of printed(records, print, signal)) {
    let text = '';
    for (const record of chunk) text += `${JSON.stringify(record)}\n`;
    yield text;
  }
}

async function* printed<T>(
  records: Pipeline<T>,
  print: (record: T) => unknown,
  signal: AbortSignal,
): AsyncGenerator<unknown[], void> {
  for await (const chunk of records.chunks(signal, { consumes: true })) yield Array.from(chunk, print);
}
