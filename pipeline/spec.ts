/**
 * What a stage is made of: a function over chunks, and the ways to derive that function from something simpler.
 */
import { ArrayChunk, type Chunk } from './chunk.ts';
import { ColumnChunk } from './column-chunk.ts';
import { MillraceError } from './errors.ts';
import type { Choice, Gauge } from './parallel/gauge.ts';
import type { Remote } from './parallel/remote.ts';
import type { Checkpoint, Checkpoints, Json } from './state.ts';

/** What a stage may ask of the run that it works in. */
export interface StageContext extends Checkpoints {
  /** Aborted when the run is to end early. Stages that only pull from their source need not look at it. */
  readonly signal: AbortSignal;
  /**
   * Hands a bad record to the run's error policy, which throws `error` unless bad records are to be left out.
   *
   * @param seen how many records the stage has looked at, this one included: what a limit in percent is of. Default all
   * that have come to it
   */
  reject(error: MillraceError, raw: unknown, seen?: number): void;
  /** Counts a record, or several, left out on purpose. Returns {@link DROP}, so that `return context.drop(why)` reads well. */
  drop(reason: string, count?: number): typeof DROP;
  /** Adds to a figure that the stage keeps for the report, such as how many cells of its batches are padding. */
  tally(name: string, amount: number): void;
  /** Notes how many records the stage holds back now, for the report. */
  hold(records: number): void;
}

/** What a record function returns to leave its record out. */
export const DROP: unique symbol = Symbol('millrace.drop');

/** A stage as the pipeline runs it. */
export interface StageSpec<In, Out> {
  readonly name: string;
  /** What the stage was made with, in plain JSON and functions, to be printed and compared. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether the stage fetches from its source while its consumer is at work. */
  readonly overlaps?: boolean;
  /** How a worker thread makes the stage for itself; without it the stage stays in the main thread. */
  readonly remote?: Remote;
  /**
   * Whether nothing that comes of a chunk is in the chunk's memory: what the stage wants of its texts is read, or copied,
   * before it asks for the next. If the stages before it hold on to no chunk either, as those that have a `remote` promise, the
   * source may take back the memory of what it gave. Default false.
   */
  readonly consumes?: boolean;
  /** The worker threads that the stage runs on, together with neighbours that have the same ones. */
  readonly crew?: Crew;
  /** The functions that the stage was made of, by which two of the same name are told apart. Default its `stream`. */
  readonly code?: readonly ((...args: never[]) => unknown)[];
  /** What tells that which the stage looks up elsewhere, such as in a file, from any other. */
  identify?(signal: AbortSignal): Promise<Json>;
  /** Must close its source when it is closed, as `for await` does. Must not depend on where chunks begin or end. */
  stream(source: AsyncIterable<Chunk<In>>, context: StageContext): AsyncIterable<Chunk<Out>>;
  // Never set: they make a spec invariant in its types.
  readonly in?: In;
  readonly out?: Out;
}

/** Worker threads that share the work on a row of stages. */
export interface Crew {
  /** How many threads; undefined until a run has found it out. */
  workers: number | undefined;
  /** Finds it out. Until then the work is done in the main thread. */
  readonly gauge?: () => Gauge;
  /** Told what was found out. */
  readonly onChoice?: (choice: Choice) => void;
}

/** A stage that turns each record into one record or none. */
export interface RecordForm<In, Out> {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** How a worker thread makes the stage for itself, for {@link Pipeline.parallel}. */
  readonly remote?: Remote;
  /**
   * One record in, one out, or {@link DROP}. An error with code MILLRACE_BAD_RECORD goes to the error policy; any other
   * ends the run. `index` counts the records that came in.
   */
  record(value: In, context: StageContext, index: number): Out | typeof DROP | Promise<Out | typeof DROP>;
  /**
   * The same for a whole table at once. May decline (`undefined`), for columns that it doesn't know or rows that break
   * a rule: then the record form decides, row by row.
   */
  columns?(chunk: ColumnChunk<In>, context: StageContext): Chunk<Out> | undefined;
}

/** A stage that sees chunks, for whatever is not one record to one. */
export interface StreamForm<In, Out> {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly overlaps?: boolean;
  /** As for a record form; only for a stream that remembers nothing from one chunk to the next. */
  readonly remote?: Remote;
  /** Whether nothing that comes of a chunk is in the chunk's memory: see {@link StageSpec.consumes}. */
  readonly consumes?: boolean;
  /** What tells that which the stage looks up elsewhere, such as in a file, from any other. */
  identify?(signal: AbortSignal): Promise<Json>;
  stream(source: AsyncIterable<Chunk<In>>, context: StageContext): AsyncIterable<Chunk<Out>>;
}

export type StageForm<In, Out> = RecordForm<In, Out> | StreamForm<In, Out>;

/** The chunk form of a stage, derived where it was given as a record form. */
export function toSpec<In, Out>(form: StageForm<In, Out>): StageSpec<In, Out> {
  if ('stream' in form) return form;
  return {
    name: form.name,
    ...(form.options && { options: form.options }),
    ...(form.remote && { remote: form.remote }),
    code: form.columns ? [form.record, form.columns] : [form.record],
    async *stream(source, context) {
      let index = resumedCount(context.resumed);
      context.onCheckpoint(() => countOf(index, context));
      for await (const chunk of source) {
        const table = chunk instanceof ColumnChunk ? form.columns?.(chunk, context) : undefined;
        if (table) {
          index += chunk.length;
          if (table.length > 0) yield table;
        } else {
          const results: Out[] = [];
          try {
            await eachRecord(form, chunk, context, index, results);
          } catch (error) {
            // The records before a failure leave before it: which ones they are must not hang on where a chunk began.
            if (results.length > 0) yield new ArrayChunk(results);
            throw error;
          }
          index += chunk.length;
          if (results.length > 0) yield new ArrayChunk(results);
        }
      }
    },
  };
}

async function eachRecord<In, Out>(
  form: RecordForm<In, Out>,
  chunk: Chunk<In>,
  context: StageContext,
  index: number,
  results: Out[],
): Promise<void> {
  for (const value of chunk) {
    try {
      const result = form.record(value, context, index);
      // Awaited only where there is something to wait for: an await costs more than most stages.
      const settled = result instanceof Promise ? await untilAborted(result, context.signal) : result;
      if (settled !== DROP) results.push(settled as Out);
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'MILLRACE_BAD_RECORD') throw error;
      context.reject(error, value, index + 1);
    }
    index++;
  }
}

/** The checkpoint of a stage that keeps nothing but a count. */
export function countOf(count: number, context: StageContext): Checkpoint {
  return { from: context.upstream(), own: () => count };
}

/** What {@link countOf} kept, or `start` in a run that was not resumed. */
export function resumedCount(resumed: Json | undefined, start = 0): number {
  return typeof resumed === 'number' ? resumed : start;
}

/** The promise, or the reason of the abort if that comes first. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
