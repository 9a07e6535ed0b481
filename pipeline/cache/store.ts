/** The folder that caches are in: one file for each, named by its key; what is being written has a name of its writer's. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Definition, inWords } from '../definition.ts';
import { isAbandoned, nameInPlace } from '../files/own-name.ts';
import { FrameReader } from './frame-file.ts';
import { unpack } from './packed-chunk.ts';

const EXTENSION = '.millrace';

export function pathOf(dir: string, key: string): string {
  return join(dir, key + EXTENSION);
}

const NAME = /^([0-9a-f]{64})\.millrace$/;

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
  const [, key] = NAME.exec(nameInPlace(name)) ?? [];
  const unfinished = nameInPlace(name) !== name;
  const path = join(dir, name);
  const found = key === undefined ? undefined : await stat(path).catch(() => undefined);
  if (key === undefined || !found) return undefined;
  const told = unfinished ? undefined : await tell(path);
  return {
    key,
    path,
    complete: told !== undefined,
    unfinished,
    beingWritten: unfinished && !(await isAbandoned(path)),
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
