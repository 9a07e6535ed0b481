import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatOrigin, MillraceError } from './errors.ts';
import { toPlain } from './record.ts';

/** What becomes of records that break a rule. */
export interface Rejects {
  /**
   * Takes note of a bad record, or throws its error.
   *
   * @param raw the record as it came: the text or bytes of the line, or the record itself
   */
  reject(error: MillraceError, raw: unknown): void;
}

/** Bad records end the run with their error. The default, since silence would lose data. */
export const failOnReject: Rejects = {
  reject(error) {
    throw error;
  },
};

/** Bad records are left out; the meter counts them. */
export const skipRejects: Rejects = { reject() {} };

/**
 * Bad records are left out and written to `path`, one JSON object a line: `{ error, raw }`, with `rawBase64` instead of
 * `raw` for bytes that are not valid UTF-8, so that nothing is lost.
 *
 * The file is created when this is called. A record that several epochs reject is written once.
 *
 * @throws MillraceError MILLRACE_USAGE when the file cannot be created
 */
export function quarantineRejects(path: string): Rejects {
  try {
    mkdirSync(dirname(path), { recursive: true });
    closeSync(openSync(path, 'w'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const origin = { source: path };
    throw new MillraceError('MILLRACE_USAGE', 'The quarantine file cannot be written', { origin, found: code, cause });
  }
  const written = new Set<string>();
  return {
    reject(error, raw) {
      const row = `${JSON.stringify({ error, ...rawField(raw) })}\n`;
      const key = error.origin?.line === undefined ? row : formatOrigin(error.origin);
      if (written.has(key)) return;
      written.add(key);
      // Opened for each row: bad rows are few, and a row is on disk before the next is read.
      const file = openSync(path, 'a');
      try {
        writeSync(file, row);
      } finally {
        closeSync(file);
      }
    },
  };
}

/**
 * The policy that `--on-error` names.
 *
 * @param policy `fail`, `skip` or `quarantine:FILE`
 * @throws MillraceError MILLRACE_USAGE for anything else
 */
export function parseOnError(policy: string): Rejects {
  if (policy === 'fail') return failOnReject;
  if (policy === 'skip') return skipRejects;
  const [, path] = /^quarantine:(.+)$/s.exec(policy) ?? [];
  if (path) return quarantineRejects(path);
  throw new MillraceError('MILLRACE_USAGE', 'The policy for bad records is unknown', {
    expected: 'fail, skip or quarantine:FILE',
    found: policy,
  });
}

function rawField(raw: unknown): { raw: unknown } | { rawBase64: string } {
  if (!(raw instanceof Uint8Array)) return { raw: toPlain(raw) };
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? { raw: text } : { rawBase64: bytes.toString('base64') };
}
