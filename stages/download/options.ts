import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ReadOptions } from '../bytes.ts';
import type { Patience } from '../http/patience.ts';

/** How far a download is, in bytes. `received` falls back when a server cannot go on where it broke off. */
export interface DownloadProgress {
  readonly url: string;
  readonly received: number;
  /** Absent when the server does not say. */
  readonly total?: number;
  /** Another process downloads the same file: its copy will be ours. */
  readonly waiting?: true;
}

export interface DownloadOptions extends ReadOptions {
  /** Default: `MILLRACE_CACHE`, else `$XDG_CACHE_HOME/millrace`, else `~/.cache/millrace`. */
  readonly cacheDir?: string | undefined;
  /** Called for every piece that arrives. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** The SHA-256 sums, in hexadecimal, of which the file must have one. Default: any file will do. */
  readonly sha256?: readonly string[] | undefined;
  /** Time-outs and tries. */
  readonly patience?: Partial<Patience> | undefined;
}

/** The default of `cacheDir`. */
export function defaultCacheDir(): string {
  const { MILLRACE_CACHE, XDG_CACHE_HOME } = process.env;
  return MILLRACE_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'millrace');
}
