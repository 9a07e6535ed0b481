import { join } from 'node:path';
import type { Command } from 'commander';
import { type CacheEntry, isIntact, listCaches, MillraceError, removeCache } from '../pipeline/index.ts';
import { plainTable } from '../reports/table.ts';
import {
  type DownloadEntry,
  defaultCacheDir,
  isDownloadIntact,
  listDownloads,
  removeDownload,
} from '../stages/index.ts';
import { positiveNumber } from './options.ts';

interface FolderFlags {
  readonly folder: string;
}

interface RemoveFlags extends FolderFlags {
  readonly all?: true;
  readonly olderThan?: number;
}

/** `millrace cache ls|rm|verify` */
export function configure(command: Command): void {
  command.showHelpAfterError(true);
  const subcommand = (name: string, summary: string) =>
    command
      .command(name)
      .summary(summary)
      .description(summary)
      .option('--folder <folder>', 'where the caches are; without downloads', pipelinesFolder());
  subcommand('ls', 'list what pipelines have cached, and what was downloaded')
    .option('--json', 'print one JSON object')
    .action(list);
  subcommand('rm', 'remove caches and downloads; those that are being written stay')
    .argument('[keys...]', 'which, by the beginnings of their keys')
    .option('--all', 'all of them')
    .option('--older-than <days>', 'those that were written longer ago', positiveNumber)
    .action(remove);
  subcommand('verify', 'read every byte of the caches and downloads, and name those that are damaged').action(verify);
}

function pipelinesFolder(): string {
  return join(defaultCacheDir(), 'pipelines');
}

/** Downloads are beside the caches of pipelines, where those are in their usual place. */
async function downloadsBeside(folder: string): Promise<DownloadEntry[]> {
  return folder === pipelinesFolder() ? listDownloads(defaultCacheDir()) : [];
}

async function list({ folder, json }: FolderFlags & { json?: true }): Promise<void> {
  const caches = await listCaches(folder);
  const downloads = await downloadsBeside(folder);
  if (json) console.log(JSON.stringify({ folder, caches, downloads }));
  else if (caches.length + downloads.length === 0) console.log(`nothing is cached in ${folder}`);
  if (json) return;
  if (caches.length > 0) console.log(table(caches));
  if (caches.length > 0 && downloads.length > 0) console.log('');
  if (downloads.length > 0) console.log(downloadTable(downloads));
}

function downloadTable(downloads: readonly DownloadEntry[]): string {
  const rows = downloads.map((entry) => [
    shortKey(entry),
    (entry.bytes / 1e6).toFixed(1),
    ageOf(entry),
    entry.beingFetched ? 'being fetched' : entry.state,
    entry.url ?? '',
  ]);
  return plainTable(['key', 'MB', 'age', 'state', 'download'], rows, [0, 3, 4]);
}

function table(caches: readonly CacheEntry[]): string {
  const rows = caches.map((cache) => [
    shortKey(cache),
    cache.rows?.toLocaleString('en-US') ?? '',
    (cache.bytes / 1e6).toFixed(1),
    ageOf(cache),
    stateOf(cache),
    cache.pipeline ?? '',
  ]);
  return plainTable(['key', 'rows', 'MB', 'age', 'state', 'pipeline'], rows, [0, 4, 5]);
}

async function remove(keys: readonly string[], { folder, all, olderThan }: RemoveFlags): Promise<void> {
  if ([keys.length > 0, all, olderThan !== undefined].filter(Boolean).length !== 1) {
    throw new MillraceError('MILLRACE_USAGE', 'It is not clear which caches to remove', {
      expected: 'one of: keys, --all, --older-than DAYS',
    });
  }
  const kept: (CacheEntry | DownloadEntry)[] = [...(await listCaches(folder)), ...(await downloadsBeside(folder))];
  const chosen =
    olderThan !== undefined
      ? kept.filter((entry) => ageInDays(entry) > olderThan)
      : all
        ? kept
        : keys.flatMap((key) => withKey(key, kept));
  const removable = chosen.filter((entry) => !isBusy(entry));
  for (const entry of removable) await ('beingFetched' in entry ? removeDownload(entry) : removeCache(entry));
  const bytes = removable.reduce((sum, entry) => sum + entry.bytes, 0);
  const left = chosen.length > removable.length ? `, left ${chosen.length - removable.length} being written` : '';
  console.log(`removed ${removable.length}, ${(bytes / 1e6).toFixed(1)} MB${left}`);
}

function isBusy(entry: CacheEntry | DownloadEntry): boolean {
  return 'beingFetched' in entry ? entry.beingFetched : entry.beingWritten;
}

/** The files of the one cache or download whose key begins so. */
function withKey<E extends { readonly key: string }>(beginning: string, kept: readonly E[]): E[] {
  const found = kept.filter(({ key }) => key.startsWith(beginning));
  if (new Set(found.map(({ key }) => key)).size === 1) return found;
  const all = found.length > 0 ? found : kept;
  throw new MillraceError('MILLRACE_USAGE', `${found.length > 0 ? 'Several caches have' : 'No cache has'} such a key`, {
    expected: all.length > 0 ? `the beginning of one of ${all.map(shortKey).join(', ')}` : 'a cache in the folder',
    found: beginning,
  });
}

async function verify({ folder }: FolderFlags): Promise<void> {
  const caches = (await listCaches(folder)).filter(({ unfinished }) => !unfinished);
  const downloads = (await downloadsBeside(folder)).filter(({ copy }) => copy !== undefined);
  const damaged: string[] = [];
  for (const cache of caches) if (!(await isIntact(cache))) damaged.push(cache.path);
  for (const entry of downloads) if (!(await isDownloadIntact(entry))) damaged.push(entry.copy?.path ?? entry.path);
  for (const path of damaged) console.log(`damaged: ${path}`);
  console.log(`${caches.length + downloads.length - damaged.length} intact, ${damaged.length} damaged`);
  if (damaged.length > 0) process.exitCode = 1;
}

function stateOf({ complete, beingWritten, unfinished }: CacheEntry): string {
  if (complete) return 'complete';
  if (beingWritten) return 'being written';
  return unfinished ? 'cut off' : 'damaged';
}

function shortKey({ key }: { readonly key: string }): string {
  return key.slice(0, 12);
}

function ageInDays({ modified }: { readonly modified: Date }): number {
  return (Date.now() - modified.getTime()) / 86_400_000;
}

function ageOf(entry: { readonly modified: Date }): string {
  const days = ageInDays(entry);
  if (days >= 1) return `${Math.floor(days)} d`;
  return days * 24 >= 1 ? `${Math.floor(days * 24)} h` : `${Math.floor(days * 1440)} min`;
}
