/** What the tests of caches share: a folder for each run, and a source that can be told from others. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Chunk, type Json, Pipeline } from '../../../pipeline/index.ts';
import { type Mishaps, Probe } from '../probes.ts';

/** Runs `work` with a folder that is removed afterwards. */
export async function withFolder<R>(work: (folder: string) => Promise<R>): Promise<R> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-cache-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The files in a folder, finished or not. */
export async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort().map((name) => join(folder, name));
}

/** A probe that says what it holds. */
export class KnownProbe<T> extends Probe<T> {
  contents: Json;

  constructor(chunks: readonly Chunk<T>[], mishaps: Mishaps = {}, contents: Json = 'the contents') {
    super(chunks, mishaps);
    this.contents = contents;
  }

  async identify(): Promise<Json> {
    return this.contents;
  }

  override get pipeline(): Pipeline<T> {
    return Pipeline.fromSource<T>(this);
  }
}
