import { availableParallelism } from 'node:os';
import { isWorker } from './entry.ts';

/** Finds out how many worker threads a crew is worth, from how its work goes in the main thread. */
export interface Gauge {
  /**
   * @param busy milliseconds that the crew's stages worked on one more chunk
   * @returns nothing until enough has been seen
   */
  add(busy: number): Findings | undefined;
}

export interface Findings {
  /** How many threads to take; 0 leaves the work in the main thread. */
  readonly workers: number;
  /** The share of the time in which the main thread did the crew's work. */
  readonly share: number;
}

/** What a crew's stages were given, as it is told to who asked for it. */
export interface Choice extends Findings {
  /** The names of the stages. */
  readonly stages: readonly string[];
}

/** Milliseconds that are looked at. */
const WINDOW = 1000;

/**
 * Looks at one second, after another one in which compilers get warm and shuffles and buckets fill: how much of the main
 * thread's time is the crew's, and how many cores the process keeps busy.
 */
export class ClockGauge implements Gauge {
  #warm = false;
  #start: number | undefined;
  #cpu = process.cpuUsage();
  #busy = 0;

  add(busy: number): Findings | undefined {
    const now = performance.now();
    // Behind the first chunk, which had to wait for files and connections.
    this.#start ??= now;
    this.#busy += busy;
    const time = now - this.#start;
    if (time < WINDOW) return undefined;
    const { user, system } = process.cpuUsage(this.#cpu);
    const share = Math.min(1, this.#busy / time);
    if (this.#warm) return { share, workers: workersFor(share, (user + system) / 1000 / time, availableParallelism()) };
    this.#warm = true;
    this.#start = now;
    this.#cpu = process.cpuUsage();
    this.#busy = 0;
    return undefined;
  }
}

/** A share of the main thread's time for which no thread is started: it takes its own time and memory. */
const NOT_WORTH_IT = 0.1;

/**
 * The fewest threads with which the crew's work takes no longer than what is left to the main thread, as far as there are
 * cores for them.
 *
 * @param share of the main thread's time that is the crew's, 0 to 1
 * @param used cores that the process kept busy with all of its threads
 * @param cores of the machine
 */
export function workersFor(share: number, used: number, cores: number): number {
  if (share < NOT_WORTH_IT || isWorker()) return 0;
  const wanted = Math.ceil(share / (1 - share));
  const free = Math.floor(cores - Math.max(0, used - share));
  return Math.max(0, Math.min(wanted, free));
}
