import type { Chunk } from './chunk.ts';
import { Trace } from './trace.ts';

/** What one stage did in a run. Times are seconds of wall clock. */
export interface StageReport {
  readonly name: string;
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Payload bytes that left the stage. */
  readonly bytesOut: number;
  /** Time spent in the stage itself; for a source, reading and inflating included. On workers, that of all of them. */
  readonly busySeconds: number;
  /**
   * Time spent waiting for the stage before; for `prefetch`, and for the last stage on workers, time that its consumer
   * had to wait.
   */
  readonly waitingSeconds: number;
  /** Records left out on purpose, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Records that broke a rule. */
  readonly rejected: number;
  /** How many broke which rule. */
  readonly rejectedBy: Readonly<Record<string, number>>;
  /** The most records that the stage held back at a time, and the memory that they took, by the size of what came in. */
  readonly heldRecords: number;
  readonly heldBytes: number;
  /** Figures that the stage keeps of its own, such as `cells` and `padding` of a batch stage. */
  readonly tallies: Readonly<Record<string, number>>;
  /** How many worker threads shared the work; absent for a stage in the main thread. */
  readonly workers?: number;
  /** Which stages shared them: those with the same number, from 1. */
  readonly crew?: number;
}

/** What a run did, stage by stage, and which stage it waited for. */
export interface Report {
  readonly seconds: number;
  /** Time in which whoever iterates the pipeline was at work, not waiting for it. */
  readonly consumerSeconds: number;
  readonly stages: readonly StageReport[];
  /**
   * The name of the stage that limits the run, or `consumer`: the one with the most busy time in the main thread; or, where
   * worker threads take longer over theirs than the main thread over all else, in these.
   */
  readonly bottleneck: string;
}

/** Stages that share worker threads, in one run. */
export interface CrewMeter {
  readonly number: number;
  /** How many threads they have; 0 in the main thread. */
  workers: number;
}

/** Rules that are told apart: an error may say what it likes, but not take all memory with it. */
const MOST_KINDS = 1000;
const OTHER_KINDS = 'other rules are broken';

/** The counters of one stage. */
export class StageMeter {
  readonly name: string;
  /** Whether its consumer runs while it fetches, so that waiting for the stage before costs nobody time. */
  readonly overlaps: boolean;
  /** With which other stages it shares worker threads. */
  readonly crew: CrewMeter | undefined;
  /** The lane of the trace that it is drawn in. */
  readonly lane: number;
  recordsIn = 0;
  recordsOut = 0;
  bytesIn = 0;
  bytesOut = 0;
  held = 0;
  elapsed = 0;
  waiting = 0;
  /** Milliseconds of work as one of a crew, in whatever thread. */
  busyInCrew = 0;
  /** Records that broke a rule, by the rule. */
  readonly rejected = new Map<string, number>();
  readonly dropped = new Map<string, number>();
  readonly tallies = new Map<string, number>();

  constructor(name: string, overlaps = false, crew?: CrewMeter, lane = 0) {
    this.name = name;
    this.lane = lane;
    this.overlaps = overlaps || crew !== undefined;
    this.crew = crew;
  }

  /** Milliseconds of work. */
  get busy(): number {
    return this.busyInCrew + (this.overlaps ? 0 : Math.max(0, this.elapsed - this.waiting));
  }

  /** Notes how many records the stage holds back now. */
  hold(records: number): void {
    if (records > this.held) this.held = records;
  }

  /** Counts records left out on purpose. */
  drop(reason: string, count = 1): void {
    add(this.dropped, reason, count);
  }

  /** Counts records that broke a rule. */
  reject(kind: string, count = 1): void {
    add(this.rejected, this.rejected.size < MOST_KINDS || this.rejected.has(kind) ? kind : OTHER_KINDS, count);
  }

  /** Adds to a figure of the stage's own. */
  tally(name: string, amount: number): void {
    add(this.tallies, name, amount);
  }

  report(): StageReport {
    return {
      name: this.name,
      recordsIn: this.recordsIn,
      recordsOut: this.recordsOut,
      bytesOut: this.bytesOut,
      busySeconds: this.busy / 1000,
      waitingSeconds: (this.overlaps ? this.elapsed : this.waiting) / 1000,
      dropped: Object.fromEntries(this.dropped),
      rejected: [...this.rejected.values()].reduce((sum, count) => sum + count, 0),
      rejectedBy: Object.fromEntries(this.rejected),
      heldRecords: this.held,
      heldBytes: this.recordsIn > 0 ? Math.round((this.held * this.bytesIn) / this.recordsIn) : 0,
      tallies: Object.fromEntries(this.tallies),
      ...(this.crew && this.crew.workers > 0 && { workers: this.crew.workers, crew: this.crew.number }),
    };
  }
}

/**
 * The meter of one run. Time is taken where chunks change hands, twice a chunk, so that measuring costs nothing that
 * could be measured: the time in a stage's `next()` less the time it waited in the `next()` of the stage before.
 */
export class Meter {
  readonly #stages: StageMeter[] = [];
  readonly #started = performance.now();
  readonly trace = new Trace();
  #lane = 0;
  #crews = 0;
  #ended: number | undefined;
  #last: StageMeter | undefined;

  stage(name: string, overlaps = false, crew?: CrewMeter): StageMeter {
    // What runs while its consumer is at work is drawn beside it, not below.
    if (overlaps || crew) this.#lane++;
    const meter = new StageMeter(name, overlaps, crew, this.#lane);
    this.#stages.push(meter);
    return meter;
  }

  /** @param workers threads that stages are to share; 0 unless that is known */
  crew(workers = 0): CrewMeter {
    return { number: ++this.#crews, workers };
  }

  /** The same chunks, counted and timed on their way from one stage to the next (or to the consumer). */
  link<T>(source: AsyncIterable<Chunk<T>>, from: StageMeter, to?: StageMeter): AsyncIterable<Chunk<T>> {
    if (!to) this.#last = from;
    return {
      [Symbol.asyncIterator]: () => {
        const iterator = source[Symbol.asyncIterator]();
        // Set once it has ended, failed or been closed. From then on it is left alone, so that however many of those
        // who pull from it clean up after themselves, it is closed once.
        let closed: Promise<unknown> | undefined;
        const took = (start: number, records: number) => {
          const time = performance.now() - start;
          from.elapsed += time;
          if (to) to.waiting += time;
          this.trace.add(from.name, from.lane, start - this.#started, time, records);
        };
        return {
          // Not an async function, which would make every chunk wait for one turn more.
          next: () => {
            if (closed) return Promise.resolve({ done: true, value: undefined });
            const start = performance.now();
            return iterator.next().then(
              (result) => {
                if (result.done) closed = Promise.resolve();
                else count(result.value, from, to);
                took(start, result.done ? 0 : result.value.length);
                return result;
              },
              (error) => {
                closed = Promise.resolve();
                took(start, 0);
                throw error;
              },
            );
          },
          return: async () => {
            closed ??= Promise.resolve(iterator.return?.());
            await closed;
            return { done: true, value: undefined };
          },
        };
      },
    };
  }

  /** Stops the clock; the first call counts. */
  end(): void {
    this.#ended ??= performance.now();
  }

  report(): Report {
    const seconds = ((this.#ended ?? performance.now()) - this.#started) / 1000;
    const consumerSeconds = Math.max(0, seconds - (this.#last?.elapsed ?? 0) / 1000);
    const stages = this.#stages.map((stage) => stage.report());
    return { seconds, consumerSeconds, stages, bottleneck: bottleneckOf(stages, consumerSeconds) };
  }
}

/** Seconds that the threads of each crew were at work, on average. */
export function crewSeconds(stages: readonly StageReport[]): ReadonlyMap<number, number> {
  const seconds = new Map<number, number>();
  for (const { crew, busySeconds, workers = 1 } of stages) {
    if (crew !== undefined) seconds.set(crew, (seconds.get(crew) ?? 0) + busySeconds / workers);
  }
  return seconds;
}

function bottleneckOf(stages: readonly StageReport[], consumerSeconds: number): string {
  const inMain = stages.filter(({ crew }) => crew === undefined);
  const mainSeconds = inMain.reduce((sum, { busySeconds }) => sum + busySeconds, consumerSeconds);
  const [slowest] = [...crewSeconds(stages)].sort(([, a], [, b]) => b - a);
  const others = slowest && slowest[1] > mainSeconds ? stages.filter(({ crew }) => crew === slowest[0]) : undefined;
  let bottleneck = 'consumer';
  let most = others ? Number.NEGATIVE_INFINITY : consumerSeconds;
  for (const { name, busySeconds } of others ?? inMain) {
    if (busySeconds <= most) continue;
    bottleneck = name;
    most = busySeconds;
  }
  return bottleneck;
}

function add(figures: Map<string, number>, name: string, amount: number): void {
  figures.set(name, (figures.get(name) ?? 0) + amount);
}

function count(chunk: Chunk<unknown>, from: StageMeter, to: StageMeter | undefined): void {
  const { length, bytes } = chunk;
  from.recordsOut += length;
  from.bytesOut += bytes;
  if (!to) return;
  to.recordsIn += length;
  to.bytesIn += bytes;
}
