import { type AsyncIterableInput, AsyncIterableX } from 'ix/asynciterable/asynciterablex';
import type { OperatorAsyncFunction, UnaryFunction } from 'ix/interfaces';
import { cached } from './cache/cached.ts';
import type { Chunk } from './chunk.ts';
import { definitionOf, fingerprint, stampsOf } from './definition.ts';
import { MillraceError } from './errors.ts';
import type { Report } from './meter.ts';
import { balance } from './operators/balance.ts';
import { concat } from './operators/concat.ts';
import { filter } from './operators/filter.ts';
import { interleave } from './operators/interleave.ts';
import { map } from './operators/map.ts';
import { prefetch } from './operators/prefetch.ts';
import { rechunk } from './operators/rechunk.ts';
import { select } from './operators/select.ts';
import { shard } from './operators/shard.ts';
import { shuffle } from './operators/shuffle.ts';
import { shuffleAll } from './operators/shuffle-all.ts';
import { skip } from './operators/skip.ts';
import { split } from './operators/split.ts';
import { take } from './operators/take.ts';
import { tap } from './operators/tap.ts';
import { withCrew } from './parallel/crew.ts';
import type { Choice } from './parallel/gauge.ts';
import { RecordIterator } from './record-iterator.ts';
import { limitRejects } from './reject-limit.ts';
import { parseOnError, type Rejects } from './rejects.ts';
import { resumedSource } from './resumed.ts';
import { type Plan, Run } from './run.ts';
import { iterableSource, type Source } from './source.ts';
import type { StageSpec } from './spec.ts';
import { checkOf, checkState, type PipelineState, STATE_VERSION } from './state.ts';
import type { TraceEvent } from './trace.ts';
import { writeTo } from './write-to.ts';

type Operator<In, Out> = (source: AsyncIterable<In>) => Out;

/**
 * A lazy stream of records: an IxJS `AsyncIterableX`, so every IxJS operator works on it, that travels in chunks.
 *
 * A pipeline is a description. Nothing is opened until it is iterated, each iteration runs it anew, and `break`,
 * `return()` or an `AbortSignal` close every file, socket and thread that it opened. The signal is given to
 * `pipeline[Symbol.asyncIterator](signal)`, as IxJS does, or with {@link Pipeline.withAbort}.
 *
 * @example
 * const long = Pipeline.from(['a', 'rose', 'is', 'a', 'rose']).filter((word) => word.length > 1);
 * for await (const word of long) console.log(word);
 */
export class Pipeline<T> extends AsyncIterableX<T> implements Plan<T> {
  readonly source: Source<unknown>;
  readonly stages: readonly StageSpec<unknown, unknown>[];
  readonly rejects: Rejects | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #resumed: PipelineState | undefined;
  // The latest iteration, for its state and report.
  #run: Run | undefined;
  #inHand = () => 0;

  private constructor(plan: Plan<T>, signal?: AbortSignal, resumed?: PipelineState) {
    super();
    this.source = plan.source;
    this.stages = plan.stages;
    this.rejects = plan.rejects;
    this.#signal = signal;
    this.#resumed = resumed;
  }

  /** IxJS calls every `AsyncIterableX` an instance of every subclass; for ours the question means what it says. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && #signal in value;
  }

  /**
   * A pipeline over `values`: an array or other iterable, an async iterable, a Node stream, or whatever else IxJS takes
   * (a promise, an observable). An asynchronous source is read one record at a time, never ahead.
   *
   * @param selector applied to each value, as in IxJS
   */
  static override from<S, T = S>(
    values: AsyncIterableInput<S>,
    selector?: (value: S, index: number) => T | Promise<T>,
    thisArg?: unknown,
  ): Pipeline<T> {
    const pipeline: Pipeline<S> =
      values instanceof Pipeline ? values : Pipeline.fromSource(iterableSource<S>(iterable(values)));
    return selector
      ? pipeline.map(thisArg === undefined ? selector : selector.bind(thisArg))
      : (pipeline as Pipeline<unknown> as Pipeline<T>);
  }

  /** A pipeline over a source of chunks. */
  static fromSource<T>(source: Source<T>): Pipeline<T> {
    return new Pipeline<T>({ source, stages: [] });
  }

  /** The pipeline with one more stage. `pipe` with what `defineStage` makes reads better. */
  stage<Out>(spec: StageSpec<T, Out>): Pipeline<Out> {
    return this.#with<Out>({ stages: [...this.#plan.stages, spec as StageSpec<unknown, unknown>] });
  }

  /**
   * Applies stages and IxJS operators from left to right; or writes the records into a Node stream, which is destroyed
   * with an error of the pipeline's, and which closes the pipeline when it is closed.
   */
  override pipe<A>(a: Operator<T, A>): A;
  override pipe<A, B>(a: Operator<T, AsyncIterable<A>>, b: Operator<A, B>): B;
  override pipe<A, B, C>(a: Operator<T, AsyncIterable<A>>, b: Operator<A, AsyncIterable<B>>, c: Operator<B, C>): C;
  override pipe<A, B, C, D>(
    a: Operator<T, AsyncIterable<A>>,
    b: Operator<A, AsyncIterable<B>>,
    c: Operator<B, AsyncIterable<C>>,
    d: Operator<C, D>,
  ): D;
  override pipe<A, B, C, D, E>(
    a: Operator<T, AsyncIterable<A>>,
    b: Operator<A, AsyncIterable<B>>,
    c: Operator<B, AsyncIterable<C>>,
    d: Operator<C, AsyncIterable<D>>,
    e: Operator<D, E>,
  ): E;
  override pipe<A, B, C, D, E, F>(
    a: Operator<T, AsyncIterable<A>>,
    b: Operator<A, AsyncIterable<B>>,
    c: Operator<B, AsyncIterable<C>>,
    d: Operator<C, AsyncIterable<D>>,
    e: Operator<D, AsyncIterable<E>>,
    f: Operator<E, F>,
  ): F;
  override pipe<R>(...operations: UnaryFunction<AsyncIterable<T>, R>[]): R;
  override pipe<R>(...operations: OperatorAsyncFunction<T, R>[]): AsyncIterableX<R>;
  override pipe<R extends NodeJS.WritableStream>(writable: R, options?: { end?: boolean }): R;
  override pipe(...operations: unknown[]): unknown {
    const [writable, options] = operations;
    if (typeof writable === 'object') return writeTo(this, writable as NodeJS.WritableStream, options as object);
    return (super.pipe as (...all: unknown[]) => unknown).apply(this, operations);
  }

  /** Each record through `fn`, which may be asynchronous; the order stays. */
  map<Out>(fn: (value: T, index: number) => Out | Promise<Out>): Pipeline<Out> {
    return this.stage(map(fn));
  }

  /** The records for which `keep` answers true. */
  filter(keep: (value: T, index: number) => boolean | Promise<boolean>): Pipeline<T> {
    return this.stage(filter(keep));
  }

  /** The first `count` records; the source is closed as soon as they are there. */
  take(count: number): Pipeline<T> {
    return this.stage(take(count));
  }

  /** All but the first `count` records. */
  skip(count: number): Pipeline<T> {
    return this.stage(skip(count));
  }

  /** The records with these fields only; a dot descends into a nested record: `premise.ids`. */
  select<Out extends object>(fields: readonly string[]): Pipeline<Out> {
    return this.stage(select<T & object, Out>(fields) as StageSpec<T, Out>);
  }

  /** The records as they are; `look` sees each on its way. */
  tap(look: (value: T, index: number) => void | Promise<void>): Pipeline<T> {
    return this.stage(tap(look));
  }

  /** A windowed shuffle over `buffer` records; the same seed gives the same order. */
  shuffle(buffer: number, seed: number): Pipeline<T> {
    return this.stage(shuffle(buffer, seed));
  }

  /** All records in random order, sorted by a number that each draws, in temporary files; the same seed, the same order. */
  shuffleAll(seed: number): Pipeline<T> {
    return this.stage(shuffleAll(seed));
  }

  /** Every `of`-th record, from the `index`-th: one worker's part. */
  shard(index: number, of: number): Pipeline<T> {
    return this.stage(shard(index, of));
  }

  /** Fetches up to `ahead` chunks while the consumer is at work; without it as many as prove useful. */
  prefetch(ahead?: number): Pipeline<T> {
    return this.stage(prefetch(ahead));
  }

  /**
   * Runs the stages just before this, as many of them in a row as can be made in another thread (`parse`, `tokenize`,
   * `lowercase`, `transitions`, `ids`, `select`, and every stage with a `remote`), on `workers` threads, while the main thread is
   * free for what comes after. If all stages are such, or `lines`, and the source is a file, an archive, a URL or a corpus,
   * the first thread has the source too: it alone reads, inflates and finds lines, and where there are others, they have the
   * rest. Records, their order, what is rejected and what is counted are the same for any number; 0 is the main thread. At
   * most `workers` + 6 chunks are under way at a time.
   *
   * `auto`, the default, begins in the main thread and looks for a second, after another one to get warm, how much of that
   * thread's time these stages take and how many cores are busy. Then it takes the fewest threads with which they take no
   * longer than what is left to the main thread, as far as there are cores for them; none for less than a tenth of its
   * time. The report tells what it came to; later iterations begin with it.
   *
   * Tables travel as one buffer each, handed over. Chunks of other records are copied, which may cost more than threads
   * gain; those that hold functions or instances of classes stay in the main thread, and the first of the stages counts
   * them as `inMainThread`.
   *
   * @param onChoice told what `auto` came to
   * @throws MillraceError MILLRACE_USAGE unless `workers` is a whole number from 0 or `auto`, and there is a stage that can go. A run
   * throws MILLRACE_WORKER when a thread ends before its work is done, such as out of memory.
   */
  parallel(workers: number | 'auto' = 'auto', onChoice?: (choice: Choice) => void): Pipeline<T> {
    return this.#with<T>({ stages: withCrew(this.#plan, workers, onChoice) });
  }

  /** The same records in chunks of `length`. */
  rechunk(length: number): Pipeline<T> {
    return this.stage(rechunk(length));
  }

  /**
   * The records of the stages so far, written to a file in `dir` by the first iteration that comes to their end, and read
   * from it by later ones, in any process: the source and the stages don't run then. So what they do besides, such as to
   * write a file or to call `tap`, isn't done either.
   *
   * A cache belongs to what the source held, to the stages with their options, and to this version of Millrace; when one
   * of them changes, another is written. Functions are known by their text, not by what they close over. Whoever stops
   * early leaves no cache behind. A run whose error policy is to fail on bad records, or to keep them somewhere, reads no
   * cache from which some were left out.
   *
   * @param dir is made if need be; `millrace cache` lists and removes what is in it
   * @throws MillraceError MILLRACE_USAGE where nobody could tell when the source changes, such as an array; when iterated
   * MILLRACE_SHAPE for records that would not come back as they are, and MILLRACE_NOT_FOUND when `dir` cannot be written
   */
  cache(dir: string): Pipeline<T> {
    return new Pipeline<T>({ source: cached<T>(this.#plan, dir), stages: [] }, this.#signal);
  }

  /** These records, then those of the others. */
  concat(...others: Pipeline<T>[]): Pipeline<T> {
    return this.#join(others, concat);
  }

  /** One record of each in turn; those that have ended are passed over. */
  interleave(...others: Pipeline<T>[]): Pipeline<T> {
    return this.#join(others, interleave);
  }

  /**
   * The records of several pipelines mixed by weight, evenly spread: of weights 3 and 1, three of the first for each of the
   * second. The order depends on the records and weights alone.
   *
   * @throws MillraceError MILLRACE_USAGE unless there is a number above 0 for each pipeline
   */
  static mix<T>(parts: readonly (readonly [pipeline: Pipeline<T>, weight: number])[]): Pipeline<T> {
    const [first, ...others] = parts.map(([pipeline]) => pipeline);
    const weights = parts.map(([, weight]) => weight);
    return (first ?? Pipeline.from<T>([])).#join(others, (plans) => interleave(plans, first ? weights : undefined));
  }

  /**
   * As many records of one class as of every other: one of each in turn. Of at most `buffer` in excess (10,000 by default)
   * the rest waits; more are dropped and counted.
   */
  balance(classOf: (value: T) => string | undefined, classes: readonly string[], buffer?: number): Pipeline<T> {
    return this.stage(balance(classOf, classes, buffer));
  }

  /** The records whose key hashes into a part of [0, 1): a split that stays the same when data is added. */
  split(key: (value: T) => string, part: readonly [from: number, to: number]): Pipeline<T> {
    return this.stage(split(key, part));
  }

  /**
   * What becomes of records that break a rule.
   *
   * @param policy `fail` (the default), `skip`, `quarantine:FILE`, or a policy of your own
   * @param limit how many bad records each stage may leave out, such as `10` or `1%`: see {@link limitRejects}. Default any number
   * @throws MillraceError MILLRACE_USAGE for an unknown policy or limit
   */
  onError(policy: string | Rejects, limit?: string): Pipeline<T> {
    const given = typeof policy === 'string' ? parseOnError(policy, limit) : policy;
    const rejects = typeof policy === 'string' || limit === undefined ? given : limitRejects(policy, limit);
    return new Pipeline<T>({ source: this.source, stages: this.stages, rejects }, this.#signal, this.#resumed);
  }

  /** The pipeline, closed and ended with `signal.reason` when `signal` aborts. */
  withAbort(signal: AbortSignal): Pipeline<T> {
    return new Pipeline<T>(this, anyOf(this.#signal, signal), this.#resumed);
  }

  /** All records, in order. */
  async toArray(signal?: AbortSignal): Promise<T[]> {
    const values: T[] = [];
    for await (const chunk of this.chunks(signal)) for (const value of chunk) values.push(value);
    return values;
  }

  /**
   * The records as they travel, for consumers that work on whole chunks.
   *
   * @param options `consumes`: each chunk is done with when the next one is asked for, its records read or copied. The memory that
   * their texts are in is then taken back, which saves a fifth of the time or more; who reads on in it finds no texts.
   */
  chunks(signal?: AbortSignal, { consumes = false } = {}): AsyncGenerator<Chunk<T>, void, undefined> {
    return this.#iterate(signal, () => 0, consumes);
  }

  /** @param inHand records of the latest chunk that have not reached the consumer yet */
  async *#iterate(
    signal: AbortSignal | undefined,
    inHand: () => number,
    consumes = false,
  ): AsyncGenerator<Chunk<T>, void, undefined> {
    // Ours ends what is still under way (a prefetch, say) when the consumer stops early.
    const ours = new AbortController();
    const run = new Run(anyOf(ours.signal, this.#signal, signal));
    this.#run = run;
    this.#inHand = inHand;
    let stream: AsyncIterator<Chunk<T>> | undefined;
    let idle = false;
    // Aborted while the consumer holds a chunk: nobody may ever come back to find out, so close now.
    const closeIfIdle = () => idle && stream?.return?.().catch(noop);
    run.signal.addEventListener('abort', closeIfIdle, { once: true });
    try {
      run.signal.throwIfAborted();
      const opened = run.open<T>(this, this.#resumed?.stages, { consumes });
      stream = opened[Symbol.asyncIterator]();
      let skip = this.#resumed?.skip ?? 0;
      run.before = opened.capture();
      run.given = skip;
      for (;;) {
        const before = opened.capture();
        // After an abort its reason is all that the consumer hears, whatever else comes to light on the way out.
        const result = await stream.next().finally(() => run.signal.throwIfAborted());
        // Not sooner: records that come before an error may leave before it, and stages are then behind what failed.
        run.before = before;
        run.given = skip;
        if (result.done) return;
        const { length } = result.value;
        run.given = length;
        // Records that were given before the stop come again at most in the first chunks after it.
        if (skip < length) {
          idle = true;
          yield skip > 0 ? result.value.slice(skip, length) : result.value;
          idle = false;
        }
        skip = Math.max(0, skip - length);
      }
    } finally {
      run.signal.removeEventListener('abort', closeIfIdle);
      run.meter.end();
      const { aborted } = run.signal;
      ours.abort();
      await stream?.return?.().catch((error) => {
        if (!aborted) throw error;
      });
    }
  }

  [Symbol.asyncIterator](signal?: AbortSignal): AsyncIterator<T> {
    const records: RecordIterator<T> = new RecordIterator(
      this.#iterate(signal, () => records.inHand),
      anyOf(this.#signal, signal),
    );
    return records;
  }

  /**
   * Where the latest iteration is, in plain JSON: after the records that the consumer was given. It may still be under
   * way, or have been stopped.
   *
   * A state holds places, not data: what a stage holds back is read again when the run is resumed. So the sources must
   * be there again, unchanged.
   *
   * @throws MillraceError MILLRACE_USAGE before the first iteration
   */
  state(): PipelineState {
    const run = this.#iterated('There is no state yet');
    const pipeline = this.#fingerprint();
    const skip = run.given - this.#inHand();
    const stages = run.before();
    const check = checkOf({ skip, stages });
    return { version: STATE_VERSION, pipeline, sources: stampsOf(this), skip, stages, check };
  }

  /**
   * The pipeline as it goes on from a state: every iteration gives exactly the records that the stopped one would have
   * given next.
   *
   * @param state what {@link Pipeline.state} of the same pipeline gave, perhaps in another process
   * @throws MillraceError MILLRACE_STATE for a state of another version or another pipeline, or one that was changed
   */
  resume(state: PipelineState): Pipeline<T> {
    checkState(state, this.#fingerprint(), stampsOf(this));
    return new Pipeline<T>(this, this.#signal, state);
  }

  /**
   * What the latest iteration did, stage by stage; it may still be under way.
   *
   * @throws MillraceError MILLRACE_USAGE before the first iteration
   */
  report(): Report {
    return this.#iterated('There is nothing to report').meter.report();
  }

  /**
   * When the stages of the latest iteration were at work, as events for chrome://tracing or Perfetto (`JSON.stringify`
   * them into a file): a sample of some thousands, spread over the whole run.
   *
   * @throws MillraceError MILLRACE_USAGE before the first iteration
   */
  trace(): readonly TraceEvent[] {
    return this.#iterated('There is nothing to trace').meter.trace.events;
  }

  #fingerprint(): string {
    return fingerprint(definitionOf(this));
  }

  #iterated(otherwise: string): Run {
    if (this.#run) return this.#run;
    throw new MillraceError('MILLRACE_USAGE', otherwise, {
      hint: 'Iterate the pipeline first, then ask the same pipeline object.',
    });
  }

  /** What can be built upon: a pipeline that goes on from a state is a source of its own. */
  get #plan(): Plan<T> {
    return this.#resumed ? { source: resumedSource<T>(this, this.#resumed), stages: [] } : this;
  }

  /** Many pipelines as one source, ended when the signal of any of them aborts. */
  #join(others: Pipeline<T>[], join: (plans: Plan<T>[]) => Source<T>): Pipeline<T> {
    const all = [this, ...others];
    return new Pipeline<T>(
      { source: join(all.map((one) => one.#plan)), stages: [] },
      anyOf(...all.map((one) => one.#signal)),
    );
  }

  #with<Out>(changes: Partial<Plan<Out>>): Pipeline<Out> {
    const { source, stages, rejects } = this.#plan;
    return new Pipeline<Out>({ source, stages, rejects, ...changes }, this.#signal);
  }
}

function iterable<T>(values: AsyncIterableInput<T>): Iterable<T> | AsyncIterable<T> {
  // A string is iterable, but nothing is `in` it until it is an object.
  const object = Object(values) as Iterable<T> | AsyncIterable<T>;
  return Symbol.asyncIterator in object || Symbol.iterator in object ? object : AsyncIterableX.from(values);
}

function anyOf(...signals: (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}

function noop(): void {}
