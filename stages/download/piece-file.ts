/**
 * A copy with holes: a file as long as the one at the server, in which only those pieces have been written that somebody
 * wanted, and beside it a description that tells which. It takes no more room on the disk than they do (where the file
 * system knows holes, which all of today do but FAT), and can be read as the whole file can, in those places.
 *
 * The description is written when the pieces have reached the disk: it may lag behind them, never lead.
 */
import { constants, readFileSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { Version } from '../http/answer.ts';

export const PIECE_BYTES = 1 << 20;

/** Of what file the pieces are. `size` is in bytes. */
export interface Whole extends Pick<Version, 'etag' | 'lastModified'> {
  readonly url: string;
  readonly size: number;
}

interface Description extends Whole {
  /** Runs of pieces by their numbers, the end exclusive, in order and apart. */
  readonly pieces: readonly (readonly [start: number, end: number])[];
  /** What was asked of the archive and is all there. */
  readonly wanted: readonly string[];
}

export class PieceFile {
  readonly path: string;
  readonly whole: Whole;
  readonly #file: FileHandle;
  readonly #pieces: Set<number>;
  readonly #wanted: Set<string>;

  private constructor(path: string, file: FileHandle, { pieces, wanted, ...whole }: Description) {
    this.path = path;
    this.whole = whole;
    this.#file = file;
    this.#pieces = numbersOf(pieces);
    this.#wanted = new Set(wanted);
  }

  /** What is there of a file, if anything is. */
  static async find(path: string, url: string): Promise<PieceFile | undefined> {
    const known = await describe(path);
    if (known?.url !== url) return undefined;
    const file = await open(path, 'r+').catch(() => undefined);
    const isWhole = (await file?.stat().catch(() => undefined))?.size === known.size;
    if (file && isWhole) return new PieceFile(path, file, known);
    await file?.close();
    return undefined;
  }

  /** Begins one without any pieces. */
  static async create(path: string, whole: Whole): Promise<PieceFile> {
    await removePieces(path);
    const file = await open(path, constants.O_RDWR | constants.O_CREAT);
    try {
      await file.truncate(whole.size);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new PieceFile(path, file, { ...whole, pieces: [], wanted: [] });
  }

  /** In bytes. */
  get received(): number {
    return Math.min(this.whole.size, this.#pieces.size * PIECE_BYTES);
  }

  /** The first run of pieces that are missing among those of bytes `start` to `end`, as bytes; at most `most` pieces. */
  missing(start: number, end: number, most: number): { start: number; end: number } | undefined {
    const last = Math.ceil(end / PIECE_BYTES);
    let first = Math.floor(start / PIECE_BYTES);
    while (first < last && this.#pieces.has(first)) first++;
    if (first >= last) return undefined;
    let stop = first + 1;
    while (stop < last && stop < first + most && !this.#pieces.has(stop)) stop++;
    return { start: first * PIECE_BYTES, end: Math.min(stop * PIECE_BYTES, this.whole.size) };
  }

  /** Whether another process, which must have left it by now, has written pieces of the same file; then they are ours. */
  async refresh(): Promise<boolean> {
    const known = await describe(this.path);
    const { url, size, etag, lastModified } = this.whole;
    if (!known) return this.#pieces.size === 0;
    if (known.url !== url || known.size !== size || known.etag !== etag || known.lastModified !== lastModified)
      return false;
    for (const piece of numbersOf(known.pieces)) this.#pieces.add(piece);
    for (const one of known.wanted) this.#wanted.add(one);
    return true;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  /** Writes down that bytes `start` to `end` are there: all pieces that are whole in them. */
  async enter(start: number, end: number): Promise<void> {
    await this.#file.datasync();
    const stop = end === this.whole.size ? Math.ceil(end / PIECE_BYTES) : Math.floor(end / PIECE_BYTES);
    for (let piece = Math.ceil(start / PIECE_BYTES); piece < stop; piece++) this.#pieces.add(piece);
    await this.#describe();
  }

  /** Writes down that all is there that somebody asks of the archive with these words. */
  async enterWanted(words: string): Promise<void> {
    if (this.#wanted.has(words)) return;
    this.#wanted.add(words);
    await this.#describe();
  }

  async #describe(): Promise<void> {
    const description: Description = { ...this.whole, pieces: runsOf(this.#pieces), wanted: [...this.#wanted] };
    const path = descriptionOf(this.path);
    await writeFile(`${path}.tmp`, JSON.stringify(description));
    await rename(`${path}.tmp`, path);
  }

  async close(): Promise<void> {
    // What is entered had reached the disk before.
    await this.#file.close().catch(() => {});
  }
}

/** Forgets what is there of a file; who reads it goes on. */
export async function removePieces(path: string): Promise<void> {
  await rm(descriptionOf(path), { force: true });
  await rm(path, { force: true });
}

/** What has been asked of an archive and is all there, at a glance. */
export function wantedOf(path: string): readonly string[] {
  try {
    return parseDescription(readFileSync(descriptionOf(path), 'utf8'))?.wanted ?? [];
  } catch {
    return [];
  }
}

function descriptionOf(path: string): string {
  return `${path}.json`;
}

async function describe(path: string): Promise<Description | undefined> {
  try {
    return parseDescription(await readFile(descriptionOf(path), 'utf8'));
  } catch {
    return undefined;
  }
}

/** @throws SyntaxError for half a description */
function parseDescription(text: string): Description | undefined {
  const known = JSON.parse(text) as Description;
  return Array.isArray(known.pieces) && Array.isArray(known.wanted) ? known : undefined;
}

function numbersOf(runs: Description['pieces']): Set<number> {
  return new Set(runs.flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i)));
}

function runsOf(pieces: ReadonlySet<number>): [number, number][] {
  const runs: [number, number][] = [];
  for (const piece of [...pieces].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run?.[1] === piece) run[1]++;
    else runs.push([piece, piece + 1]);
  }
  return runs;
}
