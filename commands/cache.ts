import { join } from 'node:path';
import type { Command } from 'commander';
import { type CacheEntry, isIntact, listCaches, MillraceError, removeCache } from '../pipeline/index.ts';
import { plainTable } from '../reports/table.ts';
import { defaultCacheDir } from '../stages/index.ts';
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
      .option('--folder <folder>', 'where the caches are', join(defaultCacheDir(), 'pipelines'));
  subcommand('ls', 'list what pipelines have cached').option('--json', 'print one JSON object').action(list);
  subcommand('rm', 'remove caches; those that are being written stay')
    .argument('[keys...]', 'which, by the beginnings of their keys')
    .option('--all', 'all of them')
    .option('--older-than <days>', 'those that were written longer ago', positiveNumber)
    .action(remove);
  subcommand('verify', 'read every byte of the caches, and name those that are damaged').action(verify);
}

async function list({ folder, json }: FolderFlags & { json?: true }): Promise<void> {
  const caches = await listCaches(folder);
  if (json) console.log(JSON.stringify({ folder, caches }));
  else if (caches.length === 0) console.log(`nothing is cached in ${folder}`);
  else console.log(table(caches));
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
  const caches = await listCaches(folder);
  const chosen =
    olderThan !== undefined
      ? caches.filter((cache) => ageInDays(cache) > olderThan)
      : all
        ? caches
        : keys.flatMap((key) => withKey(key, caches));
  const removable = chosen.filter(({ beingWritten }) => !beingWritten);
  for (const cache of removable) await removeCache(cache);
  const bytes = removable.reduce((sum, cache) => sum + cache.bytes, 0);
  const left = chosen.length > removable.length ? `, left ${chosen.length - removable.length} being written` : '';
  console.log(`removed ${removable.length}, ${(bytes / 1e6).toFixed(1)} MB${left}`);
}

/** The files of the one cache whose key begins so. */
function withKey(beginning: string, caches: readonly CacheEntry[]): CacheEntry[] {
  const found = caches.filter(({ key }) => key.startsWith(beginning));
  if (new Set(found.map(({ key }) => key)).size === 1) return found;
  const all = found.length > 0 ? found : caches;
  throw new MillraceError('MILLRACE_USAGE', `${found.length > 0 ? 'Several caches have' : 'No cache has'} such a key`, {
    expected: all.length > 0 ? `the beginning of one of ${all.map(shortKey).join(', ')}` : 'a cache in the folder',
    found: beginning,
  });
}

async function verify({ folder }: FolderFlags): Promise<void> {
  const caches = (await listCaches(folder)).filter(({ unfinished }) => !unfinished);
  const damaged: CacheEntry[] = [];
  for (const cache of caches) if (!(await isIntact(cache))) damaged.push(cache);
  for (const { path } of damaged) console.log(`damaged: ${path}`);
  console.log(`${caches.length - damaged.length} intact, ${damaged.length} damaged`);
  if (damaged.length > 0) process.exitCode = 1;
}

function stateOf({ complete, beingWritten, unfinished }: CacheEntry): string {
  if (complete) return 'complete';
  if (beingWritten) return 'being written';
  return unfinished ? 'cut off' : 'damaged';
}

function shortKey({ key }: CacheEntry): string {
  return key.slice(0, 12);
}

function ageInDays({ modified }: CacheEntry): number {
  return (Date.now() - modified.getTime()) / 86_400_000;
}

function ageOf(cache: CacheEntry): string {
  const days = ageInDays(cache);
  if (days >= 1) return `${Math.floor(days)} d`;
  return days * 24 >= 1 ? `${Math.floor(days * 24)} h` : `${Math.floor(days * 1440)} min`;
}
