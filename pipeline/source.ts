import { ArrayChunk, CHUNK_LENGTH, type Chunk } from './chunk.ts';
import type { StageMeter } from './meter.ts';
import type { Remote } from './parallel/remote.ts';
import type { Rejects } from './rejects.ts';
import type { Plan } from './run.ts';
import { untilAborted } from './spec.ts';
import type { Json, Opened } from './state.ts';

/** What a source may ask of the run that opens it. */
export interface SourceContext {
  /** Aborted when the run is to end early. */
  readonly signal: AbortSignal;
  /** What the source's own checkpoint said when the run was stopped that this one goes on from. */
  readonly resumed: Json | undefined;
  /**
   * Registers how to take the source's state, between chunks. A source that registers nothing is resumed by reading it
   * again and leaving out the records that it gave before.
   */
  onCheckpoint(take: () => () => Json): void;
  /** Whether nobody reads on in the memory of a chunk when the next one is asked for, so that it may be taken back. */
  readonly lent: boolean;
  /** Opens another plan as part of this run, from a state of its own if one is given. */
  open<T>(plan: Plan<T>, state?: readonly Json[]): Opened<T>;
  /** The source's own counters. */
  readonly meter: StageMeter;
  /** What becomes of bad records. */
  readonly rejects: Rejects;
}

/** Where a pipeline begins. Opened once for each run; nothing may happen before. */
export interface Source<T> {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** The plans that the source opens. */
  readonly plans?: readonly Plan<unknown>[];
  /**
   * What tells these contents from any others, such as the size and date of a file: so that it is known when they
   * change. A source that lacks it cannot be cached.
   */
  identify?(signal: AbortSignal): Promise<Json>;
  /** What tells at a glance that the source is still what it was, for the states of its runs; nothing if nobody can. */
  stamp?(): Json;
  /**
   * How a worker thread opens the source for itself, asked when a run begins; nothing where only this thread can. It must
   * bear to be opened again, here, from each of its states: that is how an error that it comes to there is found out.
   */
  remote?(): Remote | undefined;
  /** Must close what it opened when it is closed, and when the context's signal aborts. */
  open(context: SourceContext): AsyncIterable<Chunk<T>>;
}

/** IxJS hands a signal on when it opens a source, so that a read deep within can be interrupted; others ignore it. */
interface Abortable<T> {
  [Symbol.asyncIterator](signal?: AbortSignal): AsyncIterator<T>;
}

/** Records that are there already, or come one by one. An asynchronous source is never read ahead. */
export function iterableSource<T>(values: Iterable<T> | AsyncIterable<T>): Source<T> {
  return Symbol.asyncIterator in values ? asyncSource(values) : syncSource(values);
}

function syncSource<T>(values: Iterable<T>): Source<T> {
  return {
    name: 'from',
    async *open({ signal }) {
      let chunk: T[] = [];
      try {
        for (const value of values) {
          chunk.push(value);
          if (chunk.length < CHUNK_LENGTH) continue;
          signal.throwIfAborted();
          yield new ArrayChunk(chunk);
          chunk = [];
        }
      } catch (error) {
        // What came before the failure leaves before it.
        if (chunk.length > 0) yield new ArrayChunk(chunk);
        throw error;
      }
      if (chunk.length > 0) yield new ArrayChunk(chunk);
    },
  };
}

function asyncSource<T>(values: Abortable<T>): Source<T> {
  return {
    name: 'from',
    async *open({ signal }) {
      const iterator = values[Symbol.asyncIterator](signal);
      // An iterator that is done or has failed needs no closing; one that hangs in next() cannot be waited for.
      let state: 'idle' | 'pending' | 'ended' = 'idle';
      try {
        for (;;) {
          signal.throwIfAborted();
          state = 'pending';
          const next = Promise.resolve(iterator.next());
          next.then(
            (result) => (state = result.done ? 'ended' : 'idle'),
            () => (state = 'ended'),
          );
          const result = await untilAborted(next, signal);
          if (result.done) return;
          yield new ArrayChunk([result.value]);
        }
      } finally {
        if (state === 'idle') await iterator.return?.();
        else if (state === 'pending') Promise.resolve(iterator.return?.()).catch(() => {});
      }
    },
  };
}
