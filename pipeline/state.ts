/**
 * Where a run is, so that it can go on from there: the contract between the pipeline and its stages.
 *
 * A state is a list: what the source and each stage keep of their own, in order. It is taken between chunks, when every
 * stage is at rest, and costs a closure a stage; it is put into JSON only when someone asks. Records themselves are
 * never in it: a stage that holds some back names a point upstream from which they come again.
 */
import type { Chunk } from './chunk.ts';
import { fingerprint } from './definition.ts';
import { MillraceError } from './errors.ts';
import type { StageMeter } from './meter.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export const STATE_VERSION = 2;

/** Where a run is, as {@link Pipeline.state} tells it. */
export interface PipelineState {
  readonly version: typeof STATE_VERSION;
  /** A fingerprint of the pipeline: its source and stages with their options, and the text of its functions. */
  readonly pipeline: string;
  /** At a glance, what the sources were. */
  readonly sources: Json;
  /** Records to leave out once the stages are where they were: those of the chunk that was being read. */
  readonly skip: number;
  /** Of the source, then of each stage. */
  readonly stages: readonly Json[];
  /** A fingerprint of `skip` and `stages`, which nobody but the stages themselves could find fault with. */
  readonly check: string;
}

/** What {@link PipelineState.check} must be. The state may have been JSON in between, or is yet to become it. */
export function checkOf({ skip, stages }: Pick<PipelineState, 'skip' | 'stages'>): string {
  return fingerprint(JSON.parse(JSON.stringify({ skip, stages })));
}

/** A state captured at one moment, to be put into words later: those of the source and of each stage so far. */
export type Capture = () => Json[];

/** A stage's own part of a state, and the state upstream that goes with it. */
export interface Checkpoint {
  /** From where upstream must go on for `own` to be right; usually where it is now. */
  readonly from: Capture;
  own(): Json;
}

/** How a stage takes part in the state of its run. */
export interface Checkpoints {
  /** What the stage's own checkpoint said when the run was stopped that this one goes on from. */
  readonly resumed: Json | undefined;
  /** Where everything upstream is now. */
  upstream(): Capture;
  /**
   * Registers how to take the stage's state; it is called whenever the stage rests, which is at its `yield`s. A stage
   * that registers nothing is resumed by running it again from its beginning and leaving out what it gave before: right
   * for every stage whose output depends on its input alone, but slow for one that comes late in a long run.
   */
  onCheckpoint(take: () => Checkpoint): void;
}

/** A stream of chunks whose state can be captured between them. */
export interface Opened<T> extends AsyncIterable<Chunk<T>> {
  /** Where the stream is now: what it gave has been taken, what it gives next has not been asked for. */
  capture(): Capture;
  /** The counters of the source and the stages, and of what the source has opened so far. */
  meters(): readonly StageMeter[];
}

/** A chunk, and from where it comes again: the state upstream, and how many records to leave out after it. */
export interface Arrival<T> {
  readonly chunk: Chunk<T>;
  readonly before: Capture;
  readonly offset: number;
}

/** The chunks of a source with from where each comes again; the first `skip` records are left out. */
export async function* arrivals<T>(
  source: AsyncIterable<Chunk<T>>,
  checkpoints: Checkpoints,
  skip = 0,
): AsyncGenerator<Arrival<T>, void> {
  let offset = skip;
  let before = checkpoints.upstream();
  for await (const chunk of source) {
    if (offset < chunk.length || offset === 0) {
      yield { chunk: offset > 0 ? chunk.slice(offset, chunk.length) : chunk, before, offset };
      offset = 0;
    } else offset -= chunk.length;
    before = checkpoints.upstream();
  }
}

/**
 * From where each of the latest records would come again: for stages that hold records back, or stop in the middle of a
 * chunk. Records are known by their ordinal, counted over what arrives at the stage in this run.
 */
export class Trail {
  #marks: readonly Mark[] = [];
  /** The ordinal of the next record to arrive. */
  next = 0;

  arrive({ chunk, before, offset }: Arrival<unknown>): void {
    this.#marks = [...this.#marks, { first: this.next, before, offset }];
    this.next += chunk.length;
  }

  /** No record before `ordinal` will be asked for again. */
  forget(ordinal: number): void {
    const last = this.#marks.findLastIndex(({ first }) => first <= ordinal);
    if (last > 0) this.#marks = this.#marks.slice(last);
  }

  /** The checkpoint of a stage that goes on with the record of this ordinal and keeps nothing else. */
  checkpoint(ordinal: number, checkpoints: Checkpoints): Checkpoint {
    const { from, skip } = this.locate(ordinal, checkpoints);
    return { from, own: () => skip };
  }

  /** The state upstream from which the record of this ordinal comes again, after `skip` others. */
  locate(ordinal: number, checkpoints: Checkpoints): { readonly from: Capture; readonly skip: number } {
    if (ordinal === this.next) return { from: checkpoints.upstream(), skip: 0 };
    const { first, before, offset } = this.#marks.findLast((mark) => mark.first <= ordinal) as Mark;
    return { from: before, skip: ordinal - first + offset };
  }
}

/** What a stage holds back of its input, in terms of records that come again when it is resumed. */
export interface HeldState {
  /** Records to leave out before the earliest that is held. */
  readonly skip: number;
  /** How many records, from the earliest that is held on, had been dealt with; the next is new. */
  readonly again: number;
  /** Those that are held, as ordinals counted from the earliest. */
  readonly held: readonly number[];
}

/** Which records a stage holds at one moment, by their ordinals; listed only if someone asks. */
export interface HeldOrdinals {
  readonly earliest: number | undefined;
  list(): readonly number[];
}

/** These ordinals, as they are now. */
export function heldOrdinals(ordinals: readonly number[]): HeldOrdinals {
  const captured = [...ordinals];
  const earliest = captured.reduce((least, ordinal) => Math.min(least, ordinal), Number.POSITIVE_INFINITY);
  return { earliest: captured.length > 0 ? earliest : undefined, list: () => captured };
}

/**
 * The checkpoint of a stage that holds records back.
 *
 * @param held the records held, in an order that means something to the stage
 * @param next ordinal of the next record to deal with
 * @param own what the stage keeps besides
 */
export function checkpointOfHeld(
  trail: Trail,
  held: HeldOrdinals,
  next: number,
  checkpoints: Checkpoints,
  own: { readonly [name: string]: Json } = {},
): Checkpoint {
  const { earliest = next } = held;
  trail.forget(earliest);
  const { from, skip } = trail.locate(earliest, checkpoints);
  const again = next - earliest;
  return { from, own: () => ({ ...own, skip, again, held: held.list().map((ordinal) => ordinal - earliest) }) };
}

interface Mark {
  readonly first: number;
  readonly before: Capture;
  readonly offset: number;
}

/** All but the first `count` records. */
export async function* without<T>(source: AsyncIterable<Chunk<T>>, count: number): AsyncGenerator<Chunk<T>, void> {
  let left = count;
  for await (const chunk of source) {
    if (left < chunk.length || left === 0) {
      yield left > 0 ? chunk.slice(left, chunk.length) : chunk;
      left = 0;
    } else left -= chunk.length;
  }
}

/**
 * @param pipeline the fingerprint of the pipeline that is to go on
 * @param sources what its sources are now
 * @throws MillraceError MILLRACE_STATE unless the state is one, of this version, this pipeline and these sources
 */
export function checkState(state: PipelineState, pipeline: string, sources: Json): void {
  const { version, skip, stages } = state ?? {};
  if (version !== STATE_VERSION || !Number.isInteger(skip) || !Array.isArray(stages)) {
    throw badState(`a state of version ${STATE_VERSION}, as pipeline.state() gives it`, version);
  }
  if (state.pipeline !== pipeline) {
    throw badState('a state of this very pipeline: the same source, stages and options', state.pipeline);
  }
  if (JSON.stringify(state.sources) !== JSON.stringify(sources)) {
    throw new MillraceError('MILLRACE_STATE', 'The source has changed since the run was stopped', {
      expected: JSON.stringify(state.sources),
      found: sources,
      hint: 'Bring the old file back, or start from the beginning.',
    });
  }
  if (state.check !== checkOf(state)) throw badState('a state as pipeline.state() gave it', 'one that was changed');
}

function badState(expected: string, found: unknown): MillraceError {
  return new MillraceError('MILLRACE_STATE', 'The pipeline cannot go on from this state', { expected, found });
}
