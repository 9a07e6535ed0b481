/**
 * A file that is read while it arrives. The download runs ahead of its reader as fast as the network lets it, with the
 * disk between them: so a slow reader makes no server lose patience, and nobody who waits for the same file waits for
 * that reader.
 */
import type { FileHandle } from 'node:fs/promises';
import { openFile, type ReadOptions, readRange, unlessAborted } from '../bytes.ts';
import type { Follower } from './transfer.ts';

export class Arrival implements Follower {
  readonly #partPath: string;
  readonly #options: ReadOptions;
  /** All that has been asked for: what is under way counts, so that a restart promises it. */
  #taken = 0;
  #readable = 0;
  /** Whether the open file is not the one that bytes arrive in any more; and whether those may be read by now. */
  #isOld = false;
  #reopens = false;
  #wake = (): void => {};
  /** The whole copy's path, when it is there. */
  #whole: string | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(partPath: string, options: ReadOptions) {
    this.#partPath = partPath;
    this.#options = options;
  }

  /** To be told once, how the download ends: with the path of the copy, or not. */
  endWith(whole: Promise<string>): void {
    whole.then(
      (path) => {
        this.#whole = path;
        this.#wake();
      },
      (error: unknown) => {
        this.#failure = { error };
        this.#wake();
      },
    );
  }

  get taken(): number {
    return this.#taken;
  }

  restart(): void {
    this.#isOld = true;
    if (this.#taken === 0) this.#readable = 0;
  }

  advance(bytes: number): void {
    this.#readable = bytes;
    this.#reopens ||= this.#isOld;
    this.#isOld = false;
    this.#wake();
  }

  /** The bytes; the end comes when the copy is whole and has been found right. */
  async *bytes(source: string): AsyncGenerator<Uint8Array, void> {
    const origin = { source };
    let file: FileHandle | undefined;
    try {
      for (;;) {
        if (this.#failure) throw this.#failure.error;
        if (this.#reopens) {
          this.#reopens = false;
          await file?.close();
          file = undefined;
        }
        const whole = this.#whole;
        // The name of the part is gone as soon as the whole copy is there.
        file ??= whole === undefined && this.#readable === 0 ? undefined : await this.#open();
        const end = whole === undefined || !file ? this.#readable : (await file.stat()).size;
        if (file && end > this.#taken) {
          const start = this.#taken;
          this.#taken = end;
          yield* readRange(file, start, end, { ...this.#options, origin });
        } else if (whole !== undefined) return;
        else await this.#change();
      }
    } finally {
      await file?.close();
    }
  }

  async #open(): Promise<FileHandle> {
    const { signal } = this.#options;
    if (this.#whole !== undefined) return openFile(this.#whole, signal);
    try {
      return await openFile(this.#partPath, signal);
    } catch (error) {
      // It has just been put in its place.
      while (this.#whole === undefined && !this.#failure) await this.#change();
      if (this.#whole === undefined) throw error;
      return openFile(this.#whole, signal);
    }
  }

  #change(): Promise<void> {
    const changed = () =>
      new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return unlessAborted(changed, this.#options.signal);
  }
}
