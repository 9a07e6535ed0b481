/**
 * `millrace pipe URL#ENTRY ... cache` that is killed at random moments, and what must hold of the runs behind: they come to
 * the same bytes, fetch nothing again that had reached the disk, and leave nothing behind but their results.
 */
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { startCli } from '../commands/run-cli.ts';
import { until } from '../stages/files.ts';
import type { HostileServer } from '../stages/hostile-server.ts';
import { digestOf } from './every-fault.ts';

const PIECE_BYTES = 1 << 20;

/** A run of the command, and where all its files are. */
export class Job {
  readonly #t: ExecutionContext;
  readonly #server: HostileServer;
  readonly #url: string;
  readonly #folder: string;

  constructor(t: ExecutionContext, server: HostileServer, entry: string, folder: string) {
    this.#t = t;
    this.#server = server;
    this.#url = `${server.base}corpus.zip#${entry}`;
    this.#folder = folder;
  }

  /**
   * Runs it, to its end unless it is killed before: so many milliseconds after its first request.
   *
   * @returns how it ended, and how long that took from its first request on, in milliseconds
   */
  async run(killAfterMs?: number): Promise<{ killed: boolean; ms: number }> {
    const asked = this.#server.requests.length;
    await mkdir(join(this.#folder, 'out'), { recursive: true });
    const at = (name: string) => join(this.#folder, name);
    const args = ['pipe', this.#url, 'lines', `cache:${at('caches')}`, '--to', at('out/lines.jsonl')];
    const running = startCli(this.#t, [...args, '--cache-dir', at('downloads'), '--workers', '0']);
    const ended = once(running.process, 'exit');
    await Promise.race([until(() => this.#server.requests.length > asked), ended]);
    const start = performance.now();
    const waiting = new AbortController();
    if (killAfterMs !== undefined) {
      sleep(killAfterMs, undefined, { signal: waiting.signal }).then(
        () => running.process.kill('SIGKILL'),
        () => {},
      );
    }
    const [code, signal] = (await ended) as [number | null, string | null];
    waiting.abort();
    if (signal !== 'SIGKILL') this.#t.is(code, 0, (await running.ended).stderr);
    return { killed: signal === 'SIGKILL', ms: performance.now() - start };
  }

  /** What has reached the disk and must not be done again. */
  async safe(): Promise<Safe> {
    const files = await this.files();
    const name = (ending: RegExp) => [...files.keys()].find((one) => ending.test(one));
    const json = async (path: string | undefined) =>
      path === undefined ? undefined : (JSON.parse(await readFile(join(this.#folder, path), 'utf8')) as unknown);
    const part = (await json(name(/\.part\.json$/))) as { flushed: number } | undefined;
    const pieces = (await json(name(/\.pieces\.json$/))) as { pieces: [number, number][] } | undefined;
    const cache = name(/^caches\/[0-9a-f]+\.millrace$/);
    return {
      whole: files.has(name(/corpus\.zip$/) ?? '') && files.has(name(/corpus\.zip\.json$/) ?? ''),
      flushed: part?.flushed ?? 0,
      pieces: (pieces?.pieces ?? []).flatMap(([start, end]) =>
        Array.from({ length: end - start }, (_, i) => start + i),
      ),
      ...(cache !== undefined && { cache: (await stat(join(this.#folder, cache), { bigint: true })).ino }),
    };
  }

  /** All files, and what is in those that are results; the sizes of these vary with nothing. */
  async files(): Promise<Map<string, string>> {
    const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true });
    const files = new Map<string, string>();
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name);
      const isResult = /\.(zip|jsonl)$/.test(entry.name);
      files.set(path.slice(this.#folder.length + 1), isResult ? digestOf(await readFile(path)) : '');
    }
    return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

export interface Safe {
  /** Whether the archive is in its place. */
  readonly whole: boolean;
  /** How many bytes of its beginning are. */
  readonly flushed: number;
  /** Which pieces of it are, by their numbers. */
  readonly pieces: readonly number[];
  /** The file of the pipeline's cache. */
  readonly cache?: bigint;
}

/** What the server has sent of the archive in some requests, in bytes. */
export interface Sent {
  /** Of the whole archive: from where on, and how many. */
  readonly rest: readonly { readonly start: number; readonly bytes: number }[];
  /** Pieces of it that were begun, by their numbers. */
  readonly pieces: readonly number[];
  readonly bytes: number;
}

/** Tells what was sent from the request of that number on. */
export function sentSince({ requests, sent }: HostileServer, first: number): Sent {
  const rest: { start: number; bytes: number }[] = [];
  const pieces: number[] = [];
  for (let i = first; i < requests.length; i++) {
    const bytes = sent[i] as number;
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(requests[i]?.range ?? 'bytes=0-') ?? [];
    const start = Number(from);
    if (bytes === 0) continue;
    if (!to) rest.push({ start, bytes });
    else for (let at = start; at < start + bytes; at += PIECE_BYTES) pieces.push(Math.floor(at / PIECE_BYTES));
  }
  return { rest, pieces, bytes: sent.slice(first).reduce((sum, bytes) => sum + bytes, 0) };
}
