import type { Chunk } from './chunk.ts';
import type { MillraceError } from './errors.ts';
import { Meter, type StageMeter } from './meter.ts';
import { failOnReject, type Rejects } from './rejects.ts';
import type { Source, SourceContext } from './source.ts';
import { DROP, type StageContext, type StageSpec } from './spec.ts';
import { type Capture, type Checkpoint, type Json, type Opened, without } from './state.ts';

/** A pipeline as a description: where it begins and what follows. */
export interface Plan<T> {
  readonly source: Source<unknown>;
  readonly stages: readonly StageSpec<unknown, unknown>[];
  readonly rejects?: Rejects | undefined;
  // Never set: it carries the type of the records that come out.
  readonly records?: T;
}

const nothing: Capture = () => [];

/** One pass through a pipeline: what its source and stages share. */
export class Run {
  readonly signal: AbortSignal;
  readonly meter = new Meter();
  /** The state before the chunk that was given out last, or is about to be. */
  before: Capture = nothing;
  /** Records of that chunk that were given out. */
  given = 0;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  /**
   * Opens a plan within this run. A plan inside another shares its signal, its meter and, unless it has its own, its error
   * policy.
   *
   * @param resumed a state of this plan to go on from
   * @param outer the error policy where the plan has none, and the counters of the source that the plan is part of
   */
  open<T>(
    plan: Plan<T>,
    resumed: readonly Json[] = [],
    { rejects: outerRejects = failOnReject, consumer }: { rejects?: Rejects; consumer?: StageMeter } = {},
  ): Opened<T> {
    const { signal, meter } = this;
    const rejects = plan.rejects ?? outerRejects;
    let from = meter.stage(plan.source.name);
    const first = new Joint(resumed[0] ?? undefined);
    const context: SourceContext = {
      signal,
      resumed: first.resumed,
      onCheckpoint: (take) => first.register(() => ({ from: nothing, own: take() })),
      open: (inner, state) => this.open(inner, state, { rejects, consumer: context.meter }),
      meter: from,
      rejects,
    };
    let joint = first;
    let stream = first.watch(plan.source.open(context));
    plan.stages.forEach((stage, i) => {
      const to = meter.stage(stage.name, stage.overlaps);
      const next = new Joint(resumed[i + 1] ?? undefined, joint);
      const source = meter.link(stream, from, to);
      stream = next.watch(stage.stream(source, stageContext(next, signal, rejects, to)));
      from = to;
      joint = next;
    });
    const last = joint;
    const chunks = meter.link(stream, from, consumer) as AsyncIterable<Chunk<T>>;
    return { [Symbol.asyncIterator]: () => chunks[Symbol.asyncIterator](), capture: () => last.capture() };
  }
}

/** What a source or stage shows of its state, and what it was given of an earlier one. */
class Joint {
  readonly resumed: Json | undefined;
  readonly #upstream: Joint | undefined;
  readonly #start: Capture;
  #take: (() => Checkpoint) | undefined;
  /** Records given out, by this run and those that it goes on from; undefined before the first is asked for. */
  #given: number | undefined;

  constructor(resumed: Json | undefined, upstream?: Joint) {
    this.resumed = resumed;
    this.#upstream = upstream;
    this.#start = this.upstream();
  }

  register(take: () => Checkpoint): void {
    this.#take = take;
  }

  upstream(): Capture {
    return this.#upstream?.capture() ?? nothing;
  }

  capture(): Capture {
    if (this.#take) {
      const { from, own } = this.#take();
      return () => [...from(), own()];
    }
    // Not begun yet: still where it was resumed. Begun, without a state of its own: to be run again from its start.
    const own: Json = this.#given === undefined ? (this.resumed ?? null) : { rerun: this.#given };
    const start = this.#start;
    return () => [...start(), own];
  }

  /** The stream, counted; if the stage keeps no state of its own, without what it gave before it was resumed. */
  async *watch<T>(stream: AsyncIterable<Chunk<T>>): AsyncGenerator<Chunk<T>, void> {
    const before = rerun(this.resumed);
    this.#given = before;
    for await (const chunk of before > 0 ? without(stream, before) : stream) {
      this.#given += chunk.length;
      yield chunk;
    }
  }
}

/** How many records a stage without a state of its own had given. */
function rerun(state: Json | undefined): number {
  return typeof state === 'object' && state !== null && 'rerun' in state ? Number(state.rerun) : 0;
}

function stageContext(joint: Joint, signal: AbortSignal, rejects: Rejects, meter: StageMeter): StageContext {
  return {
    signal,
    resumed: joint.resumed,
    upstream: () => joint.upstream(),
    onCheckpoint: (take) => joint.register(take),
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
