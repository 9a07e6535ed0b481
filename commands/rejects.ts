/** What becomes of bad records, as every command that reads some takes it and tells of it. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { MillraceError, parseOnError, quarantinePath, RejectLog } from '../pipeline/index.ts';
import { leftOutLine } from '../reports/left-out.ts';

export interface RejectFlags {
  readonly onError: string;
  readonly maxErrors?: string;
}

export function addRejectOptions(command: Command): Command {
  return command
    .option('--on-error <policy>', 'what becomes of bad records: fail, skip or quarantine:FILE', 'fail')
    .option(
      '--max-errors <limit>',
      'end the run when a stage has left out more bad records than 10, or 1% of those seen',
    );
}

/**
 * The policy, which counts what it leaves out.
 *
 * @param sources what is read; a quarantine must not take the place of it
 * @throws MillraceError MILLRACE_USAGE for a policy or limit that there is not
 */
export function policyOf({ onError, maxErrors }: RejectFlags, sources: readonly string[]): RejectLog {
  const path = quarantinePath(onError);
  if (path !== undefined && sources.some((source) => resolve(source.replace(/#.*$/s, '')) === resolve(path))) {
    throw new MillraceError('MILLRACE_USAGE', 'The quarantine file is the one that is to be read', {
      origin: { source: path },
      hint: 'Give it a new name.',
    });
  }
  return new RejectLog(parseOnError(onError, maxErrors));
}

/** Tells on stderr how many bad records were left out, by the rule that they broke; nothing where there were none. */
export function tellLeftOut(kinds: ReadonlyMap<string, number>, { onError }: RejectFlags): void {
  const line = leftOutLine(kinds, quarantinePath(onError));
  if (line !== undefined) console.error(line);
}

/** The same for a command's JSON. */
export function toldLeftOut(kinds: ReadonlyMap<string, number>): { badRecords?: Record<string, number> } {
  return kinds.size === 0 ? {} : { badRecords: Object.fromEntries(kinds) };
}
