/** Options that several commands share. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { engineNames } from '../engine/engine.ts';
import type { Choice } from '../pipeline/index.ts';
import { pairFormats } from '../stages/index.ts';
import { type Limits, parseLimits } from '../stages/limits.ts';
import { invalidBytes } from '../stages/line-table.ts';
import { addRejectOptions, type RejectFlags } from './rejects.ts';

/** Reads a whole number of at least `least`. */
export function wholeNumber(least = 0): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && Number.isSafeInteger(value)) return value;
    throw new InvalidArgumentError(`Expected a whole number of ${least} or more.`);
  };
}

/** Reads a number of worker threads, or `auto`. */
export function workerCount(text: string): number | 'auto' {
  if (text === 'auto') return text;
  try {
    return wholeNumber()(text);
  } catch {
    throw new InvalidArgumentError('Expected a whole number of 0 or more, or auto.');
  }
}

/** Tells on stderr what `--workers auto` came to. */
export function tellChoice({ workers, share, stages }: Choice): void {
  const threads = workers === 1 ? '1 worker thread' : `${workers || 'no'} worker threads`;
  console.error(`${threads} for ${stages.join(', ')}, at ${(100 * share).toFixed(0)}% of the main thread's time`);
}

/** Reads a number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** Reads a share: 0 or more, below 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError('Expected a number from 0 up to, but not including, 1.');
}

/** For options that may be given several times. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Where sources come from, as every command that reads them takes it. */
export interface SourceFlags extends RejectFlags {
  readonly cacheDir?: string;
  readonly mirror?: string;
  readonly sha256?: readonly string[];
  readonly limits?: Partial<Limits>;
  readonly invalidBytes?: keyof typeof invalidBytes;
}

/** What the flags say of where bytes come from. */
export function sourceOptions({ cacheDir, mirror, sha256, limits, invalidBytes: invalid }: SourceFlags) {
  return { cacheDir, mirror, sha256, limits, ...(invalid && { invalid }) };
}

export function addSourceOptions(command: Command): Command {
  return addRejectOptions(command)
    .addOption(
      new Option(
        '--invalid-bytes <policy>',
        'read bytes that are no UTF-8 as U+FFFD, or take their line for a bad record',
      )
        .choices(Object.keys(invalidBytes))
        .default('replace'),
    )
    .option('--cache-dir <folder>', 'where downloads are kept (default: MILLRACE_CACHE, else ~/.cache/millrace)')
    .option('--mirror <base>', "a URL or folder in place of the named corpora's own (default: MILLRACE_MIRROR)")
    .option('--sha256 <hex>', 'what the file of a source must have; give one for each source', sha256)
    .option('--limits <list>', 'what may come out of an archive: entry-bytes=80GiB,ratio=none ...', parseLimits);
}

/** What sources of pairs look like. */
export function addFormatOptions(command: Command): Command {
  return command
    .option(
      '--format <name>',
      `what the sources look like: ${Object.keys(pairFormats).join(', ')} (default: snli); with options as after parse:, see millrace help pipe`,
    )
    .option(
      '--columns <map>',
      "a table's columns, by number or header: premise=2,hypothesis=3,label=1,score=...,id=...",
    )
    .option('--fields <map>', 'fields of JSON lines: premise=text_a,hypothesis=text_b,label=gold.label,...')
    .option('--labels <map>', 'what the labels are called: entailment=0,neutral=1,contradiction=2,unlabeled=-1');
}

/** Reads a SHA-256 sum; the option may be given several times. */
export function sha256(text: string, before: readonly string[] = []): string[] {
  if (/^[\da-f]{64}$/i.test(text)) return [...before, text.toLowerCase()];
  throw new InvalidArgumentError('Expected 64 hexadecimal digits.');
}

export function addEngineOption(command: Command): Command {
  return command.addOption(
    new Option('--engine <name>', 'the TensorFlow.js backend').choices(['auto', ...engineNames]).default('auto'),
  );
}
