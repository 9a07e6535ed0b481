/**
 * The right to work on a file that several processes want, held by one at a time.
 *
 * A claim is an empty file beside the wanted one whose name tells its owner. Whoever wants to work puts his own there and
 * then looks whether there is another: if so, he takes his back, waits and tries again. Of two that come at once at least
 * one sees the other, so there are never two owners. And since a name is nobody else's, a claim of the dead can be removed
 * by anyone at any time without hitting a living one: the flaw of a single lock file, which two may find stale, one remove
 * and replace, and the other remove again. (Node has no lock of the operating system's, which would end with its process.)
 *
 * A process on this machine is dead when there is none of its number. For other machines and containers, which share the
 * folder but not the numbers, and for a number that was given again, a claim must be touched as long as it is held.
 */
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HOST, isRunning } from '../../pipeline/files/processes.ts';

export interface ClaimOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once if somebody else holds it. */
  readonly onWait?: () => void;
  /** How long a claim may go untouched before its owner counts as dead, in milliseconds. Default 60,000. */
  readonly staleMs?: number;
}

export class Claim {
  /** Whether somebody else held it before: then the work may have been done. */
  readonly waited: boolean;
  readonly #path: string;
  readonly #touching: NodeJS.Timeout;

  private constructor(path: string, waited: boolean, staleMs: number) {
    this.#path = path;
    this.waited = waited;
    // What cannot be touched is gone with its folder, or removed by somebody who took us for dead.
    const touch = () => void utimes(path, new Date(), new Date()).catch(() => {});
    this.#touching = setInterval(touch, staleMs / 10).unref();
  }

  /** Waits until nobody else works on the file, whose folder must exist. */
  static async take(wanted: string, { signal, onWait, staleMs = 60_000 }: ClaimOptions = {}): Promise<Claim> {
    const others = new Others(wanted, staleMs);
    const own = `${wanted}.${HOST}-${process.pid}-${claims++}.claim`;
    for (let tries = 0; ; tries++) {
      signal?.throwIfAborted();
      if (!(await others.areThere(own))) {
        held.add(own);
        let alone = false;
        try {
          await writeFile(own, '');
          alone = !(await others.areThere(own));
        } finally {
          if (!alone) await giveBack(own);
        }
        if (alone) return new Claim(own, tries > 0, staleMs);
      }
      if (tries === 0) onWait?.();
      // Not in step with others that wait, or two that came at once would step back again and again.
      await sleep(20 + Math.random() * Math.min(200, 20 * (tries + 1)), undefined, { ...(signal && { signal }) }).catch(
        () => signal?.throwIfAborted(),
      );
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#touching);
    await giveBack(this.#path);
  }
}

/** Those of this process: a file of its number that is none of them could not be removed, and counts no more. */
const held = new Set<string>();

async function giveBack(path: string): Promise<void> {
  held.delete(path);
  await rm(path, { force: true }).catch(() => {});
}

/** Whether somebody holds it. */
export async function isClaimed(wanted: string): Promise<boolean> {
  return new Others(wanted, Number.POSITIVE_INFINITY).areThere('');
}

const NAME = /\.([0-9a-f]{8})-(\d+)-\d+\.claim$/;
let claims = 0;

/** The other claims to a file. */
class Others {
  readonly #folder: string;
  readonly #wanted: string;
  readonly #staleMs: number;
  /** When each was last touched, by its owner's clock, and since when that has been known, by ours. */
  readonly #seen = new Map<string, { touched: number; since: number }>();

  constructor(wanted: string, staleMs: number) {
    this.#folder = dirname(wanted);
    this.#wanted = basename(wanted);
    this.#staleMs = staleMs;
  }

  /** Whether there are any but `own`; those of the dead are removed, whatever file in the folder they wanted. */
  async areThere(own: string): Promise<boolean> {
    let found = false;
    for (const name of await readdir(this.#folder)) {
      const [ending, host, pid] = NAME.exec(name) ?? [];
      if (ending === undefined || name === basename(own)) continue;
      const path = join(this.#folder, name);
      const isDead = (host === HOST && !isAlive(Number(pid), path)) || (await this.#isStale(path));
      // If it cannot be removed, the next one will find it dead too.
      if (isDead) await rm(path, { force: true }).catch(() => {});
      else if (name.slice(0, -ending.length) === this.#wanted) found = true;
    }
    return found;
  }

  /** Not touched for so long as we have been looking: so no two clocks are compared. */
  async #isStale(path: string): Promise<boolean> {
    const touched = (await stat(path).catch(() => undefined))?.mtimeMs;
    // It has just been given back.
    if (touched === undefined) return true;
    const seen = this.#seen.get(path);
    if (seen?.touched === touched) return performance.now() - seen.since > this.#staleMs;
    this.#seen.set(path, { touched, since: performance.now() });
    return false;
  }
}

function isAlive(pid: number, path: string): boolean {
  return pid === process.pid ? held.has(path) : isRunning(pid);
}
