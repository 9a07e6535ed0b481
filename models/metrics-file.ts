import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** `metrics.jsonl` of a run: one JSON object a line, on disk before training goes on. */
export class MetricsFile {
  readonly #file: number;

  constructor(folder: string) {
    this.#file = openSync(join(folder, 'metrics.jsonl'), 'w');
  }

  write(record: object): void {
    writeSync(this.#file, `${JSON.stringify(record)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}
