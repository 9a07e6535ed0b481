/** The folder that caches are in: one file for each, named by its key; what is being written has a longer name. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Definition, inWords } from '../definition.ts';
import { FrameReader } from './frame-file.ts';
import { unpack } from './packed-chunk.ts';

const EXTENSION = '.millrace';

export function pathOf(dir: string, key: string): string {
  return join(dir, key + EXTENSION);
}

/** Where the file is written before it is whole; tells who writes it. */
export function unfinishedPath(path: string): string {
  return `${path}.${process.pid}-${writes++}.tmp`;
}

// Several iterations may write the same cache at once: each has its own file, and the last to be finished stays.
let writes = 0;

const NAME = /^([0-9a-f]{64})\.millrace(?:\.(\d+)-\d+\.tmp)?$/;

/** A cache in a folder, whole or not. */
export interface CacheEntry {
  readonly key: string;
  readonly path: string;
  /** False for one that is not finished, or is damaged at one of its ends. */
  readonly complete: boolean;
  /** A file that has not been put in its place: it is being written, or its writer was cut off. */
  readonly unfinished: boolean;
  /** Whether the process that writes it is running. */
  readonly beingWritten: boolean;
  /** The pipeline in words; absent unless complete, as is `rows`. */
  readonly pipeline?: string;
  readonly rows?: number;
  /** On disk. */
  readonly bytes: number;
  readonly modified: Date;
}

/** The caches in a folder, the newest first. None where there is no such folder. */
export async function listCaches(dir: string): Promise<CacheEntry[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const entries = await Promise.all(names.map((name) => entryOf(dir, name)));
  return entries
    .filter((entry) => entry !== undefined)
    .sort((a, b) => b.modified.getTime() - a.modified.getTime() || (a.path < b.path ? -1 : 1));
}

async function entryOf(dir: string, name: string): Promise<CacheEntry | undefined> {
  const [, key, writer] = NAME.exec(name) ?? [];
  const path = join(dir, name);
  const found = key === undefined ? undefined : await stat(path).catch(() => undefined);
  if (key === undefined || !found) return undefined;
  const told = writer === undefined ? await tell(path) : undefined;
  return {
    key,
    path,
    complete: told !== undefined,
    unfinished: writer !== undefined,
    beingWritten: writer !== undefined && isRunning(Number(writer)),
    ...told,
    bytes: found.size,
    modified: found.mtime,
  };
}

async function tell(path: string): Promise<{ pipeline: string; rows: number } | undefined> {
  try {
    const file = await FrameReader.open(path);
    await file.close();
    const { definition } = file.header as { definition: Definition };
    return { pipeline: inWords(definition), rows: (file.footer as { rows: number }).rows };
  } catch {
    return undefined;
  }
}

/** Whether every byte of a cache is as it was written. */
export async function isIntact({ path }: CacheEntry): Promise<boolean> {
  let file: FrameReader | undefined;
  try {
    file = await FrameReader.open(path);
    for await (const frame of file.frames()) unpack(frame);
    return true;
  } catch {
    return false;
  } finally {
    await file?.close();
  }
}

export async function removeCache({ path }: CacheEntry): Promise<void> {
  await rm(path, { force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, but not ours.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
