import type { Chunk } from './chunk.ts';
import type { MillraceError } from './errors.ts';
import { Meter, type StageMeter } from './meter.ts';
import { failOnReject, type Rejects } from './rejects.ts';
import type { Source } from './source.ts';
import { DROP, type StageContext, type StageSpec } from './spec.ts';

/** A pipeline as a description: where it begins and what follows. */
export interface Plan<T> {
  readonly source: Source<unknown>;
  readonly stages: readonly StageSpec<unknown, unknown>[];
  readonly rejects?: Rejects | undefined;
  // Never set: it carries the type of the records that come out.
  readonly records?: T;
}

/** One pass through a pipeline: what its source and stages share. */
export class Run {
  readonly signal: AbortSignal;
  readonly meter: Meter;
  readonly #rejects: Rejects;

  constructor(signal: AbortSignal, rejects: Rejects = failOnReject, meter = new Meter()) {
    this.signal = signal;
    this.meter = meter;
    this.#rejects = rejects;
  }

  /** Opens a plan within this run: a plan inside another shares its signal, its meter and, unless it has its own, its
   * error policy. */
  open<T>(plan: Plan<T>, consumer?: StageMeter): AsyncIterable<Chunk<T>> {
    const rejects = plan.rejects ?? this.#rejects;
    let from = this.meter.stage(plan.source.name);
    const inner = new Run(this.signal, rejects, this.meter);
    inner.#stage = from;
    let stream = plan.source.open(inner);
    for (const stage of plan.stages) {
      const to = this.meter.stage(stage.name, stage.overlaps);
      stream = stage.stream(this.meter.link(stream, from, to), stageContext(this.signal, rejects, to));
      from = to;
    }
    return this.meter.link(stream, from, consumer) as AsyncIterable<Chunk<T>>;
  }

  /** The source's own counters, so that a source that opens other plans can say that it waits for them. */
  get stage(): StageMeter | undefined {
    return this.#stage;
  }
  #stage: StageMeter | undefined;
}

function stageContext(signal: AbortSignal, rejects: Rejects, meter: StageMeter): StageContext {
  return {
    signal,
    reject(error: MillraceError, raw: unknown) {
      meter.rejected++;
      rejects.reject(error, raw);
    },
    drop(reason: string) {
      add(meter.dropped, reason, 1);
      return DROP;
    },
    tally(name: string, amount: number) {
      add(meter.tallies, name, amount);
    },
  };
}

function add(figures: Map<string, number>, name: string, amount: number): void {
  figures.set(name, (figures.get(name) ?? 0) + amount);
}
