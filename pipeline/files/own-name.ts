/**
 * Files that are written beside their place, under names that tell whose they are: so what somebody left there who was
 * killed is known for what it is, and goes when the next one writes the same file.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HOST, isRunning } from './processes.ts';

const ENDING = /\.([0-9a-f]{8})-(\d+)-\d+\.tmp$/;
/** After so long without a byte a writer on another machine counts as dead. */
const STALE_MS = 86_400_000;

/** Those that this process writes. A file of its number that is none of them could not be removed, and is nobody's. */
const held = new Set<string>();
let names = 0;

/** A name beside `path` that nobody else has, until it is given up. */
export function ownName(path: string): string {
  const name = `${path}.${HOST}-${process.pid}-${names++}.tmp`;
  held.add(resolve(name));
  return name;
}

/** Gives up such a name, and removes its file if it has not been put in its place. */
export async function giveUp(name: string): Promise<void> {
  held.delete(resolve(name));
  // If that fails, the next one who writes the same file does it.
  await rm(name, { force: true }).catch(() => {});
}

/** What the file is called in its place: the name itself, unless it is such a one. */
export function nameInPlace(name: string): string {
  return name.replace(ENDING, '');
}

/** Whether nobody writes any more to the file of such a name. */
export async function isAbandoned(name: string): Promise<boolean> {
  const [, host, pid] = ENDING.exec(name) ?? [];
  if (host !== HOST) return Date.now() - ((await stat(name).catch(() => undefined))?.mtimeMs ?? 0) > STALE_MS;
  return Number(pid) === process.pid ? !held.has(resolve(name)) : !isRunning(Number(pid));
}

/** Removes what those have left beside `path` who ended before they could put it in its place. */
export async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  // Who may not look into the folder may still write there.
  for (const name of await readdir(folder).catch(() => [])) {
    const whole = join(folder, name);
    const isOurs = nameInPlace(name) !== name && resolve(nameInPlace(whole)) === resolve(path);
    if (isOurs && (await isAbandoned(whole))) await rm(whole, { force: true }).catch(() => {});
  }
}
