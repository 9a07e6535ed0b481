import { closeSync, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { appendWhole } from '../pipeline/files/append.ts';
import { cannotWrite } from '../pipeline/files/cannot-write.ts';
import { badRun } from './run-files.ts';

const FILE = 'metrics.jsonl';

/** `metrics.jsonl` of a run: one JSON object a line, on disk before training goes on. */
export class MetricsFile {
  readonly #path: string;
  readonly #file: number;
  #bytes: number;

  /**
   * @param keep so many bytes of what is there stay, and the rest is cut off
   * @throws MillraceError `MILLRACE_BAD_RUN` when there are not as many, `MILLRACE_NOT_FOUND` when it cannot be written
   */
  constructor(folder: string, keep = 0) {
    this.#path = join(folder, FILE);
    this.#bytes = keep;
    this.#file = this.#orError(() => openSync(this.#path, keep > 0 ? 'a' : 'w'));
    try {
      const { size } = this.#orError(() => fstatSync(this.#file));
      if (size < keep) {
        throw badRun(folder, FILE, { expected: `${keep} bytes or more, as the checkpoint says`, found: size });
      }
      this.#orError(() => ftruncateSync(this.#file, keep));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Length of the file. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws MillraceError `MILLRACE_NOT_FOUND`, and nothing of the record is there */
  write(record: object): void {
    this.#bytes = this.#orError(() => appendWhole(this.#file, this.#bytes, `${JSON.stringify(record)}\n`));
  }

  close(): void {
    this.#orError(() => closeSync(this.#file));
  }

  #orError<R>(work: () => R): R {
    try {
      return work();
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }
}
