/** What a person at a terminal sees while work goes on: on stderr, and only where stderr is a terminal. */
import { MultiBar, type SingleBar } from 'cli-progress';
import type { DownloadProgress } from '../stages/index.ts';

/** Bars that come and go as work does. Nothing is drawn where nobody looks. */
export class Progress {
  #bars: MultiBar | undefined;
  #running = 0;
  readonly #downloads = new Map<string, SingleBar>();

  /** For `onProgress` of a source: a bar for each download. */
  readonly download = ({ url, received, total, waiting }: DownloadProgress): void => {
    if (waiting) console.error(`${url} is being fetched by another process: waiting for it`);
    if (waiting || !process.stderr.isTTY) return;
    let bar = this.#downloads.get(url);
    if (!bar) {
      const name = url.split('/').at(-1);
      // A server need not say how much it is going to send.
      bar =
        total === undefined
          ? this.#bar(0, `${name} {value} MB`)
          : this.#bar(megabytes(total), `${name} {bar} {value}/{total} MB {eta_formatted}`);
      this.#downloads.set(url, bar);
    }
    bar.update(megabytes(received));
    if (received === total) this.#remove(bar);
  };

  /** A bar over a known number of steps. */
  steps(total: number, format: string): { update(done: number, payload?: object): void; stop(): void } {
    if (!process.stderr.isTTY) return { update() {}, stop() {} };
    const bar = this.#bar(total, format);
    return { update: (done, payload) => bar.update(done, payload), stop: () => this.#remove(bar) };
  }

  stop(): void {
    this.#bars?.stop();
    this.#bars = undefined;
    this.#running = 0;
  }

  #bar(total: number, format: string): SingleBar {
    this.#bars ??= new MultiBar({ stream: process.stderr, hideCursor: true, clearOnComplete: true, format });
    this.#running++;
    return this.#bars.create(total, 0, {}, { format });
  }

  #remove(bar: SingleBar): void {
    if (this.#bars?.remove(bar)) this.#running--;
    // Without a bar it would go on clearing the terminal, on which others print now.
    if (this.#running === 0) this.stop();
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}
