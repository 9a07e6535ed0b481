import type { Chunk } from './chunk.ts';
import type { MillraceError } from './errors.ts';
import { Meter, type StageMeter } from './meter.ts';
import { crewed, type Lead } from './parallel/crew.ts';
import { onWorkers } from './parallel/on-workers.ts';
import { WithSource } from './parallel/with-source.ts';
import { isView, toPlain } from './record.ts';
import { kindOf } from './reject-kinds.ts';
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
   * @param outer the error policy where the plan has none, the counters of the source that the plan is part of, and whether
   * the consumer has done with the memory of each chunk when it asks for the next
   */
  open<T>(
    plan: Plan<T>,
    resumed: readonly Json[] = [],
    { rejects: outerRejects = failOnReject, consumer, consumes = false }: Outer = {},
  ): Opened<T> {
    const { signal, meter } = this;
    const lent = isLent(plan.stages, consumes);
    const rejects = ownRecords(plan.rejects ?? outerRejects, lent);
    const { stages, lead } = crewed(plan);
    const distinct = new Set([lead?.crew, ...stages.map(({ crew }) => crew)]);
    const crews = new Map([...distinct].map((crew) => [crew, crew && meter.crew(crew.workers)]));
    const sourceMeter = meter.stage(plan.source.name, false, crews.get(lead?.crew));
    const meters = stages.map(({ name, overlaps, crew }) => meter.stage(name, overlaps, crews.get(crew)));
    const within: Opened<unknown>[] = [];
    const openHere = (): Beginning => {
      const joint = new Joint(resumed[0]);
      const context: SourceContext = {
        signal,
        lent,
        resumed: joint.resumed,
        onCheckpoint: (take) => joint.register(() => ({ from: nothing, own: take() })),
        open: (inner, state) => {
          const opened = this.open(inner, state, { rejects, consumer: sourceMeter });
          within.push(opened);
          return opened;
        },
        meter: sourceMeter,
        rejects,
      };
      return { upstream: joint, stream: joint.watch(plan.source.open(context)) };
    };
    const openThere = (one: Lead): Beginning => {
      const upstream = new WithSource({
        lead: one,
        source: plan.source,
        stages: stages.slice(0, one.count),
        meters: [sourceMeter, ...meters.slice(0, one.count)],
        signal,
        rejects,
        resumed: resumed.slice(0, one.count + 1),
        open: (inner, state) => new Run(signal).open(inner, state),
      });
      return { upstream, stream: upstream.chunks() };
    };
    let { upstream, stream } = lead ? openThere(lead) : openHere();
    const led = lead?.count ?? 0;
    let from = meters[led - 1] ?? sourceMeter;
    const places = stages.slice(led).map((stage, i): Place => {
      const joint = new Joint(resumed[led + i + 1], upstream);
      upstream = joint;
      const own = meters[led + i] as StageMeter;
      return { stage, meter: own, joint, context: stageContext(joint, signal, rejects, own) };
    });
    for (const step of stepsOf(places)) {
      const [{ stage, meter: to, context }] = step;
      const source = meter.link(stream, from, to);
      const end = step.at(-1) as Place;
      stream = end.joint.watch(stage.crew ? onWorkers(stage.crew, step, source) : stage.stream(source, context));
      from = end.meter;
    }
    const last = upstream;
    const chunks = meter.link(stream, from, consumer) as AsyncIterable<Chunk<T>>;
    return {
      [Symbol.asyncIterator]: () => chunks[Symbol.asyncIterator](),
      capture: () => last.capture(),
      meters: () => [sourceMeter, ...within.flatMap((opened) => opened.meters()), ...meters],
    };
  }
}

/** What a plan is opened in. */
interface Outer {
  readonly rejects?: Rejects;
  readonly consumer?: StageMeter;
  readonly consumes?: boolean;
}

/** Whether nobody holds on to a chunk of the source longer than to the next one: see {@link StageSpec.consumes}. */
function isLent(stages: readonly StageSpec<unknown, unknown>[], consumes: boolean): boolean {
  const end = stages.findIndex((stage) => stage.consumes);
  const passing = end < 0 ? stages : stages.slice(0, end);
  return (end >= 0 || consumes) && passing.every(({ remote, crew }) => remote && !crew);
}

/** A policy may keep the records that it is given. */
function ownRecords(rejects: Rejects, lent: boolean): Rejects {
  if (!lent) return rejects;
  const { silent, limit } = rejects;
  return {
    ...(silent !== undefined && { silent }),
    limit,
    reject(error, raw, counts) {
      const own = isView(raw) ? toPlain(raw) : raw;
      rejects.reject(error, own instanceof Uint8Array ? new Uint8Array(own) : own, counts);
    },
  };
}

/** What a stage reads from. */
interface Upstream {
  capture(): Capture;
}

/** Where a plan begins: its source, or that and the first stages in a thread of their own. */
interface Beginning {
  readonly upstream: Upstream;
  readonly stream: AsyncIterable<Chunk<unknown>>;
}

/** A stage in a run. */
interface Place {
  readonly stage: StageSpec<unknown, unknown>;
  readonly meter: StageMeter;
  readonly joint: Joint;
  readonly context: StageContext;
}

/** The stages one by one, but those of a crew together. */
function stepsOf(places: readonly Place[]): [Place, ...Place[]][] {
  const steps: [Place, ...Place[]][] = [];
  for (const place of places) {
    const before = steps.at(-1);
    if (before && place.stage.crew && before[0].stage.crew === place.stage.crew) before.push(place);
    else steps.push([place]);
  }
  return steps;
}

/** What a source or stage shows of its state, and what it was given of an earlier one. */
class Joint {
  readonly resumed: Json | undefined;
  /** Records rejected, by this run and those that it goes on from. */
  rejected: number;
  readonly #upstream: Upstream | undefined;
  readonly #start: Capture;
  #take: (() => Checkpoint) | undefined;
  /** Records given out, by this run and those that it goes on from; undefined before the first is asked for. */
  #given: number | undefined;

  constructor(state: Json | undefined, upstream?: Upstream) {
    const { own, rejected } = toldIn(state);
    this.resumed = own;
    this.rejected = rejected;
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
    const { rejected } = this;
    if (this.#take) {
      const { from, own } = this.#take();
      return () => [...from(), withRejected(own(), rejected)];
    }
    // Not begun yet: still where it was resumed. Begun, without a state of its own: to be run again from its start.
    const begun = this.#given !== undefined;
    const own: Json = begun ? { rerun: this.#given as number } : withRejected(this.resumed ?? null, rejected);
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

/** What a state calls the records that a stage has rejected, where there are any. */
const REJECTED = 'rejected so far';

function withRejected(own: Json, rejected: number): Json {
  return rejected > 0 ? { [REJECTED]: rejected, own } : own;
}

function toldIn(state: Json | undefined): { readonly own: Json | undefined; readonly rejected: number } {
  if (typeof state === 'object' && state !== null && REJECTED in state) {
    return { own: state.own ?? undefined, rejected: Number(state[REJECTED]) };
  }
  return { own: state ?? undefined, rejected: 0 };
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
    reject(error: MillraceError, raw: unknown, seen = meter.recordsIn) {
      joint.rejected++;
      meter.reject(kindOf(error));
      rejects.reject(error, raw, { stage: meter.name, rejected: joint.rejected, seen });
    },
    drop(reason, count) {
      meter.drop(reason, count);
      return DROP;
    },
    tally(name: string, amount: number) {
      meter.tally(name, amount);
    },
    hold(records: number) {
      meter.hold(records);
    },
  };
}
