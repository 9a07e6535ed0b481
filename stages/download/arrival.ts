/**
 * A file that is read while it arrives. The download runs ahead of its reader as fast as the network lets it, with the
 * disk between them: so a slow reader makes no server lose patience, and nobody who waits for the same file waits for
 * that reader.
 */
import { type ReadOptions, unlessAborted } from '../bytes.ts';
import { fileAt, type RandomAccess, readAll } from '../random-access.ts';
import type { Follower } from './transfer.ts';

export class Arrival implements Follower {
  readonly #url: string;
  readonly #partPath: string;
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

  constructor(url: string, partPath: string) {
    this.#url = url;
    this.#partPath = partPath;
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

  /** The first bytes: so many, or all there are. They do not count as taken: what is made of them must not last. */
  async head(length: number): Promise<Uint8Array> {
    while (this.#readable < length && this.#whole === undefined) {
      if (this.#failure) throw this.#failure.error;
      await this.#change({});
    }
    const file = await this.#open({});
    try {
      return await readAll(file, 0, Math.min(length, file.size), { origin: { source: this.#url } });
    } finally {
      await file.close();
    }
  }

  /** The bytes; the end comes when the copy is whole and has been found right. */
  async *bytes(options: ReadOptions): AsyncGenerator<Uint8Array, void> {
    const range = { ...options, origin: { source: this.#url } };
    let file: RandomAccess | undefined;
    try {
      for (;;) {
        if (this.#failure) throw this.#failure.error;
        if (this.#reopens) {
          this.#reopens = false;
          await file?.close();
          file = undefined;
        }
        // A copy that was there before: nothing has arrived.
        if (this.#whole !== undefined && this.#readable === 0) {
          file ??= await this.#open(options);
          this.#readable = file.size;
        }
        if (this.#readable > this.#taken) {
          file ??= await this.#open(options);
          const start = this.#taken;
          this.#taken = this.#readable;
          yield* file.read(start, this.#taken, range);
        } else if (this.#whole !== undefined) return;
        else await this.#change(options);
      }
    } finally {
      await file?.close();
    }
  }

  async #open(options: ReadOptions): Promise<RandomAccess> {
    try {
      return await fileAt(this.#whole ?? this.#partPath).open(options);
    } catch (error) {
      // The part has just been put in its place.
      while (this.#whole === undefined && !this.#failure) await this.#change(options);
      if (this.#whole === undefined) throw error;
      return fileAt(this.#whole).open(options);
    }
  }

  #change({ signal }: ReadOptions): Promise<void> {
    const changed = () =>
      new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return unlessAborted(changed, signal);
  }
}
