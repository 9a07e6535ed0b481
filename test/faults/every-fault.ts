/**
 * The law of all that writes: whatever call to the disk fails, each file is afterwards as it was before or as it is to be,
 * the error tells its place, nothing stays open, and the next try comes to what the first would have come to, with
 * nothing left beside it.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { ExecutionContext } from 'ava';
import { MillraceError } from '../../pipeline/errors.ts';
import { assertClosed } from '../stages/files.ts';
import { type Outcome, onFaultyDisk } from './faulty-disk.ts';
import { type Fault, faultsOf, type Mishap } from './mishap.ts';

export interface Job {
  /** Puts into the folder what is there before. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** Does the work, and makes sure of what it answers. */
  readonly work: (folder: string) => Promise<void>;
  /**
   * What of a file's bytes must be the same whenever the work has been done; by default all. Undefined for a file that is
   * no result, such as one of which a part is there on purpose.
   */
  readonly essence?: (name: string, bytes: Buffer) => unknown;
  /** The files that may be left where there are several right ways; by default those of a run without faults. */
  readonly leaves?: RegExp;
  /** What must hold of the folder when the work has been done. */
  readonly done?: (folder: string) => Promise<void>;
  /** What must hold of it at any time. */
  readonly holds?: (folder: string) => Promise<void>;
}

/** `MILLRACE_FAULTS=all` tries all faults of each call. */
export const ALL = process.env.MILLRACE_FAULTS === 'all';

/** No work here takes a hundredth of this. */
const HANG_MS = 60_000;

/** Lets each call fail once, and the disk stay full or dead from there on; answers how many faults were met. */
export async function tryEveryFault(t: ExecutionContext, job: Job): Promise<number> {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on('unhandledRejection', note);
  t.teardown(() => process.off('unhandledRejection', note));
  const { calls, wanted } = await inFolder(async (folder) => {
    await job.prepare?.(folder);
    const { calls, error } = await once(job, folder, undefined);
    if (error) throw error;
    return { calls, wanted: await filesOf(folder, job) };
  });
  let tried = 0;
  const attempt = async (mishap: Mishap) => {
    const words = `${mishap.fault}${mishap.lasting ? ' from' : ' at'} call ${mishap.number}, ${calls[mishap.number]}`;
    await inFolder(async (folder) => {
      await job.prepare?.(folder);
      const before = await filesOf(folder, job);
      const { error, struck } = await once(job, folder, mishap);
      if (struck) tried++;
      const after = await filesOf(folder, job);
      for (const [name, content] of after) {
        if (content === undefined || !wanted.has(name)) continue;
        const isRight = same(content, wanted.get(name)) || (before.has(name) && same(content, before.get(name)));
        t.true(isRight, `${words}: ${name} is ${inspect(content)}`);
      }
      if (error === undefined) {
        await job.done?.(folder);
        for (const [name, content] of wanted) {
          t.true(content === undefined || after.has(name), `${words}: ${name} is not there, and nobody says so`);
        }
      } else t.true(isTold(error), `${words}: ${inspect(error)}`);
      await job.holds?.(folder);
      await assertClosed(t, folder);
      const again = await once(job, folder, undefined);
      t.is(again.error, undefined, `after ${words}: ${inspect(again.error)}`);
      await job.done?.(folder);
      const left = await filesOf(folder, job);
      if (job.leaves) for (const name of left.keys()) t.regex(name, job.leaves, `after ${words}`);
      else t.deepEqual(left, wanted, `after ${words}`);
      await assertClosed(t, folder);
    });
    t.deepEqual(unhandled.splice(0), [], `${words}: unhandled`);
  };
  for (const [number, operation] of calls.entries()) {
    const lasting = ['ENOSPC', 'EIO'] as const;
    if (ALL) {
      for (const fault of faultsOf[operation]) await attempt({ number, fault });
      for (const fault of lasting) await attempt({ number, fault, lasting: true });
    } else {
      // Of each call one of its faults, in turn, and of each fourth a disk that stays so.
      const turn = calls.slice(0, number).filter((one) => one === operation).length;
      await attempt({ number, fault: faultsOf[operation][turn % faultsOf[operation].length] as Fault });
      if (number % 4 === 0) await attempt({ number, fault: lasting[(number / 4) % 2] as Fault, lasting: true });
    }
  }
  t.log(`${calls.length} calls, ${tried} faults`);
  return tried;
}

async function once(job: Job, folder: string, mishap: Mishap | undefined): Promise<Outcome> {
  const hang = new AbortController();
  const hanging = sleep(HANG_MS, undefined, { signal: hang.signal }).then(
    () => {
      throw new Error(`it hangs: ${inspect(mishap)}`);
    },
    () => {},
  );
  try {
    const done = onFaultyDisk(folder, mishap, () => job.work(folder));
    return (await Promise.race([done, hanging])) as Outcome;
  } finally {
    hang.abort();
  }
}

/** Ours, with where it happened, or the system's, with a path. */
function isTold(error: unknown): boolean {
  if (error instanceof MillraceError) return error.origin !== undefined;
  return error instanceof Error && 'syscall' in error && 'path' in error;
}

async function filesOf(
  folder: string,
  { essence = (_, bytes) => digestOf(bytes) }: Job,
): Promise<Map<string, unknown>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map<string, unknown>();
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), essence(entry.name, await readFile(path)));
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function digestOf(bytes: Uint8Array): string {
  return `${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`;
}

function same(a: unknown, b: unknown): boolean {
  return inspect(a, { depth: null }) === inspect(b, { depth: null });
}

async function inFolder<R>(work: (folder: string) => Promise<R>): Promise<R> {
  const outer = await mkdtemp(join(tmpdir(), 'millrace-faults-'));
  const folder = join(outer, 'folder');
  await mkdir(folder);
  try {
    return await work(folder);
  } finally {
    await rm(outer, { recursive: true, force: true });
  }
}
