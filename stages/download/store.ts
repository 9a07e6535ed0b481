/** The cache folder as a person looks after it: a folder for each URL, named by its hash. */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of } from './checksum.ts';
import { isClaimed } from './claim.ts';
import { type Copy, readDescription } from './copy.ts';

/** What is kept of a URL. */
export interface DownloadEntry {
  readonly key: string;
  /** The folder. */
  readonly path: string;
  /** Absent where nothing tells. */
  readonly url?: string;
  /** `whole`, `pieces` of an archive, the `beginning` of a file, or `nothing` that can be used. */
  readonly state: 'whole' | 'pieces' | 'beginning' | 'nothing';
  /** Of the file, where it is whole. */
  readonly copy?: Copy & { readonly path: string };
  /** On disk. */
  readonly bytes: number;
  readonly modified: Date;
  /** Whether somebody is at it. */
  readonly beingFetched: boolean;
}

const KEY = /^[0-9a-f]{16}$/;

/** What has been downloaded, the newest first. Nothing where there is no such folder. */
export async function listDownloads(cacheDir: string): Promise<DownloadEntry[]> {
  const names = await readdir(cacheDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const entries = await Promise.all(names.filter((name) => KEY.test(name)).map((key) => entryOf(cacheDir, key)));
  return entries.sort((a, b) => b.modified.getTime() - a.modified.getTime() || (a.key < b.key ? -1 : 1));
}

async function entryOf(cacheDir: string, key: string): Promise<DownloadEntry> {
  const path = join(cacheDir, key);
  const names = await readdir(path).catch((): string[] => []);
  const files = await Promise.all(names.map((name) => stat(join(path, name)).catch(() => undefined)));
  const found = files.filter((file) => file !== undefined);
  // Of a copy with holes the disk has less than its length; where blocks are not told, the length must do.
  const bytes = found.reduce((sum, { size, blocks }) => sum + (blocks ? Math.min(size, blocks * 512) : size), 0);
  const modified = new Date(Math.max(0, ...found.map(({ mtimeMs }) => mtimeMs)));
  const claimed = await Promise.all(names.map((name) => isClaimed(join(path, name.replace(/\.[^.]+\.claim$/, '')))));
  const whole = names.find((name) => names.includes(`${name}.json`) && !/\.(?:part|pieces)$/.test(name));
  const copy = whole === undefined ? undefined : await readDescription(join(path, whole));
  const told = { key, path, bytes, modified, beingFetched: claimed.includes(true) };
  if (copy && whole !== undefined)
    return { ...told, state: 'whole', url: copy.url, copy: { ...copy, path: join(path, whole) } };
  for (const [ending, state] of [
    ['.pieces', 'pieces'],
    ['.part', 'beginning'],
  ] as const) {
    const name = names.find((one) => one.endsWith(ending) && names.includes(`${one}.json`));
    const url = name === undefined ? undefined : await urlIn(join(path, `${name}.json`));
    if (url !== undefined) return { ...told, state, url };
  }
  return { ...told, state: 'nothing' };
}

async function urlIn(path: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(path, 'utf8')) as { url?: string }).url;
  } catch {
    return undefined;
  }
}

/** Whether a whole copy has the sum that it was kept with. Beginnings and pieces have none: they are checked when whole. */
export async function isDownloadIntact({ copy }: DownloadEntry): Promise<boolean> {
  return copy === undefined || (await sha256Of(copy.path).catch(() => undefined)) === copy.sha256;
}

export async function removeDownload({ path }: DownloadEntry): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
