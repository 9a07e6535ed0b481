import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DistinctRecords } from './distinct-records.ts';
import { MillraceError } from './errors.ts';
import { appendWhole } from './files/append.ts';
import { cannotWrite } from './files/cannot-write.ts';
import { toPlain } from './record.ts';
import { limitRejects } from './reject-limit.ts';

/** What becomes of records that break a rule. */
export interface Rejects {
  /**
   * Takes note of a bad record, or throws its error.
   *
   * @param raw the record as it came: the text or bytes of the line, or the record itself
   * @param counts what the stage has counted, this record included
   */
  reject(error: MillraceError, raw: unknown, counts?: RejectCounts): void;
  /** That it need not hear of each: where records come from a cache, what was left out of it is only counted. */
  readonly silent?: boolean;
  /** How many there may be, in words. A cache belongs to the limit that it was made under. */
  readonly limit?: string | undefined;
}

/** What a stage has counted in a run, and in those that the run goes on from. */
export interface RejectCounts {
  readonly stage: string;
  /** Bad records. */
  readonly rejected: number;
  /** All records that it has looked at. */
  readonly seen: number;
}

/** Bad records end the run with their error. The default, since silence would lose data. */
export const failOnReject: Rejects = {
  reject(error) {
    throw error;
  },
};

/** Bad records are left out; the meter counts them. */
export const skipRejects: Rejects = { silent: true, reject() {} };

/**
 * Bad records are left out and written to `path`, one JSON object a line: `{ error, raw }`, with `rawBase64` instead of
 * `raw` for bytes that are not valid UTF-8, so that nothing is lost. The stage `requeue` reads such a file.
 *
 * The file is created when this is called. A record that several epochs reject is written once. A row that cannot be
 * written ends the run with MILLRACE_NOT_FOUND; nothing of it is in the file.
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
  const written = new DistinctRecords();
  return {
    reject(error, raw) {
      if (!written.add(error, raw)) return;
      const row = `${JSON.stringify({ error, ...rawField(raw) })}\n`;
      try {
        // Opened for each row: bad rows are few, and a row is on disk before the next is read.
        const file = openSync(path, 'a');
        try {
          appendWhole(file, fstatSync(file).size, row);
        } finally {
          closeSync(file);
        }
      } catch (cause) {
        throw cannotWrite(path, cause);
      }
    },
  };
}

/**
 * The policy that `--on-error` names.
 *
 * @param policy `fail`, `skip` or `quarantine:FILE`
 * @param limit as for {@link limitRejects}; for policies that leave records out
 * @throws MillraceError MILLRACE_USAGE for anything else
 */
export function parseOnError(policy: string, limit?: string): Rejects {
  if (limit !== undefined) return limitRejects(leavingOut(policy, limit), limit);
  if (policy === 'fail') return failOnReject;
  if (policy === 'skip') return skipRejects;
  const path = quarantinePath(policy);
  if (path !== undefined) return quarantineRejects(path);
  throw new MillraceError('MILLRACE_USAGE', 'The policy for bad records is unknown', {
    expected: 'fail, skip or quarantine:FILE',
    found: policy,
  });
}

/** Where `quarantine:FILE` has its file; nothing for another policy. */
export function quarantinePath(policy: string): string | undefined {
  return /^quarantine:(.+)$/s.exec(policy)?.[1];
}

function leavingOut(policy: string, limit: string): Rejects {
  // Before a file is made: a limit that cannot be read must not cost what an earlier run has written.
  limitRejects(skipRejects, limit);
  if (policy !== 'fail') return parseOnError(policy);
  throw new MillraceError('MILLRACE_USAGE', 'A run that fails at the first bad record needs no limit of them', {
    expected: 'skip or quarantine:FILE with a limit, or no limit',
    found: limit,
  });
}

function rawField(raw: unknown): { raw: unknown } | { rawBase64: string } {
  if (!(raw instanceof Uint8Array)) return { raw: toPlain(raw) };
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? { raw: text } : { rawBase64: bytes.toString('base64') };
}
