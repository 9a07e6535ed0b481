/** One input after another, judged: what the child process of a fuzz run does, and the tests do in their own process. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { inputOf } from './mutate.ts';
import { type FuzzTarget, judge, type Outcome, type Reader } from './target.ts';

export class Examiner {
  readonly #name: string;
  readonly #reader: Reader;
  readonly #path: string;

  private constructor(name: string, reader: Reader, path: string) {
    this.#name = name;
    this.#reader = reader;
    this.#path = path;
  }

  /** @param folder an empty one; `input` in it is the latest input */
  static async start(name: string, target: FuzzTarget, folder: string): Promise<Examiner> {
    return new Examiner(name, await target.start(folder), join(folder, 'input'));
  }

  get seeds(): readonly Uint8Array[] {
    return this.#reader.seeds;
  }

  input(seed: number, number: number): Buffer {
    const { seeds, mend } = this.#reader;
    const input = inputOf(this.#name, seeds, seed, number);
    return mend && number % 2 === 1 ? mend(input) : input;
  }

  /** Reads an input. Errors that nobody waits for are failures as well, and count until the next turn of the event loop. */
  async examine(input: Buffer): Promise<Outcome> {
    await writeFile(this.#path, input);
    let stray: Error | undefined;
    const onStray = (error: unknown) => {
      stray = new Error(`Nobody waited for this error: ${error}`, { cause: error });
    };
    process.on('unhandledRejection', onStray);
    process.on('uncaughtException', onStray);
    try {
      const outcome = await judge(this.#reader.read(this.#path, input));
      await setImmediate();
      return stray ? { failure: stray } : outcome;
    } finally {
      process.off('unhandledRejection', onStray);
      process.off('uncaughtException', onStray);
    }
  }
}
