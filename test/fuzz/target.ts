/** What is fuzzed: some real code that reads files, good files to begin with, and how to tell whether it did well. */
import { MillraceError, type Pipeline, toPlain } from '../../pipeline/index.ts';

export interface FuzzTarget {
  /**
   * Makes ready.
   *
   * @param folder for files of its own; `input` in it is the file that is to be read
   */
  start(folder: string): Promise<Reader>;
}

export interface Reader {
  /** Small files, since thousands are to be made of them. The first is read without an error. */
  readonly seeds: readonly Uint8Array[];
  /**
   * Reads a file as users' code does, all of it. An error that is no MillraceError is a failure; so is what breaks a
   * promise, for which this throws an Error.
   */
  read(path: string, bytes: Buffer): Promise<void>;
  /** Makes checksums right in every other input, so that what is behind them sees broken files too. */
  mend?(bytes: Buffer): Buffer;
}

/**
 * Reads the records of a pipeline to the last field under both policies for bad records.
 *
 * @throws MillraceError what the policy `fail` ends with
 */
export async function readAll(make: () => Pipeline<unknown>): Promise<void> {
  try {
    await drain(make().onError('skip'));
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'MILLRACE_BAD_RECORD') {
      throw new Error('A bad record was not skipped', { cause: error });
    }
    if (!(error instanceof MillraceError)) throw error;
  }
  await drain(make().onError('fail'));
}

async function drain(records: Pipeline<unknown>): Promise<void> {
  for await (const chunk of records.chunks()) for (const record of chunk) toPlain(record);
}

/** How a reading ended: `taken`, the code of a MillraceError, or a failure. */
export type Outcome = { readonly code: string } | { readonly failure: Error };

export async function judge(reading: Promise<void>): Promise<Outcome> {
  try {
    await reading;
    return { code: 'taken' };
  } catch (error) {
    if (error instanceof MillraceError) return { code: error.code };
    return { failure: error instanceof Error ? error : new Error(`${error} was thrown`) };
  }
}

/** What failures of one cause have in common: the error and where it was thrown. */
export function signatureOf(failure: Error): string {
  const place = /\n\s+at (.*)/.exec(failure.stack ?? '')?.[1] ?? '';
  return `${failure.name}: ${failure.message.slice(0, 120)} at ${place.replace(/file:\/\/\S*\/(?=\S+\/\S+\))/, '')}`;
}
