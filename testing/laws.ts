/**
 * The laws that every stage keeps, whatever it does with its records. Each is a function that fails with an
 * `AssertionError` of node:assert, so that it can be called in a test of any runner.
 */
import assert from 'node:assert/strict';
import {
  type Chunk,
  type MillraceError,
  type Pipeline,
  type PipelineState,
  type Rejects,
  toPlain,
} from '../pipeline/index.ts';
import { lendingSource } from './lending-source.ts';
import { oneByOne, type Sample, type Subject, travelsOf } from './sample.ts';
import { quiet, rejection, until, untilFailure } from './waiting.ts';
import { WatchedSource } from './watched-source.ts';

/** An abort that takes so long, in milliseconds, was not heeded. */
const PATIENCE = 10_000;

const plain = (records: readonly unknown[]) => records.map(toPlain);

/** Nothing is opened or read before someone asks for the first record, and each iteration is a run of its own. */
export async function opensNothingEarly<In, Out>(subject: Subject<In, Out>, sample: Sample<In>): Promise<void> {
  const source = new WatchedSource(oneByOne(sample.records));
  const pipeline = leavingOut(subject(source.pipeline));
  const iterator = pipeline[Symbol.asyncIterator]();
  await quiet();
  assert.equal(source.opens, 0, 'the source was opened before anybody asked for a record');
  await iterator.return?.();
  assert.equal(source.opens, 0, 'the source was opened to be closed');
  const first = plain(await pipeline.toArray());
  assert.deepEqual(plain(await pipeline.toArray()), first, 'another iteration gave other records');
  source.assertClosed();
}

/**
 * The same records, and the same bad ones, however they are cut into chunks, and whether they travel as values or as
 * tables.
 */
export async function givesTheSameHoweverCut<In, Out>(subject: Subject<In, Out>, sample: Sample<In>): Promise<void> {
  const [first, ...others] = travelsOf(sample);
  const expected = inAnyOrder(await outcomeOf(subject, first as Chunk<In>[]));
  for (const chunks of others) {
    const outcome = inAnyOrder(await outcomeOf(subject, chunks));
    assert.deepEqual(outcome, expected, `another outcome in chunks of ${chunks.map(({ length }) => length)}`);
  }
}

/** Whoever stops, after any number of records, closes the source, once; nothing comes after that. */
export async function closesOnEarlyStop<In, Out>(subject: Subject<In, Out>, sample: Sample<In>): Promise<void> {
  const { records } = await outcomeOf(subject, oneByOne(sample.records));
  for (let count = 0; count <= records.length; count++) {
    for (const chunks of [oneByOne(sample.records), ...travelsOf(sample, 1).slice(-1)]) {
      const source = new WatchedSource(chunks);
      const iterator = leavingOut(subject(source.pipeline))[Symbol.asyncIterator]();
      const given: unknown[] = [];
      for (let read = 0; read < count; read++) given.push(toPlain((await iterator.next()).value));
      assert.deepEqual(given, records.slice(0, count));
      await iterator.return?.();
      source.assertClosed();
      assert.deepEqual(await iterator.next(), { done: true, value: undefined }, 'a record came behind the end');
    }
  }
}

/** An abort ends the run with its reason, wherever it is, and closes the source; before the beginning it opens nothing. */
export async function closesOnAbort<In, Out>(subject: Subject<In, Out>, sample: Sample<In>): Promise<void> {
  const early = new WatchedSource(oneByOne(sample.records));
  const never = new Error('not today');
  assert.equal(await rejection(subject(early.pipeline).toArray(AbortSignal.abort(never))), never);
  assert.equal(early.opens, 0, 'the source was opened by a run that was aborted before');
  for (let hangAt = 0; hangAt <= sample.records.length; hangAt++) {
    const source = new WatchedSource(oneByOne(sample.records), { hangAt });
    const controller = new AbortController();
    const reason = new Error('it takes too long');
    let settled = false;
    const outcome = leavingOut(subject(source.pipeline)).toArray(controller.signal);
    outcome.then(
      () => (settled = true),
      () => (settled = true),
    );
    await within(
      until(() => source.hanging || settled),
      'the source is not read any further',
    );
    controller.abort(reason);
    const ended = within(
      outcome.then(
        () => undefined,
        (error) => ({ error }),
      ),
      'an abort while the source is waited for does not end the run',
    );
    const failure = await ended;
    // It may need no more than it has, as one that takes the first records does.
    if (source.hanging) assert.equal(failure?.error, reason, 'the run did not end with the reason of the abort');
    await quiet();
    source.assertClosed();
  }
  await closesOnAbortBetweenReads(subject, sample);
}

async function closesOnAbortBetweenReads<In, Out>(subject: Subject<In, Out>, sample: Sample<In>): Promise<void> {
  const { records } = await outcomeOf(subject, oneByOne(sample.records));
  for (let count = 1; count <= records.length; count++) {
    const source = new WatchedSource(oneByOne(sample.records));
    const controller = new AbortController();
    const iterator = leavingOut(subject(source.pipeline))[Symbol.asyncIterator](controller.signal);
    for (let read = 0; read < count; read++) await iterator.next();
    const reason = new Error('enough');
    controller.abort(reason);
    await within(
      until(() => source.closes === source.opens),
      'an abort between two reads leaves the source open',
    );
    assert.equal(await rejection(iterator.next()), reason, 'the run did not end with the reason of the abort');
    source.assertClosed();
  }
}

/** No more is read of the source than the records need that were asked for, and `ahead` more. */
export async function readsNoFurther<In, Out>(subject: Subject<In, Out>, sample: Sample<In>): Promise<void> {
  const { records, ahead = 0 } = sample;
  if (ahead === Number.POSITIVE_INFINITY) return;
  const givenOf: number[] = [];
  for (let length = 0; length <= records.length; length++) {
    givenOf.push((await outcomeOf(subject, oneByOne(records.slice(0, length)))).records.length);
  }
  const source = new WatchedSource(oneByOne(records));
  const iterator = leavingOut(subject(source.pipeline))[Symbol.asyncIterator]();
  for (let count = 1; count <= (givenOf.at(-1) as number); count++) {
    await iterator.next();
    await quiet();
    const needed = givenOf.findIndex((given) => given >= count);
    const further = source.given - needed;
    assert.ok(further <= ahead, `${further} records were read beyond the ${needed} that ${count} records need`);
  }
  await iterator.return?.();
}

/** Stopped after any record and resumed, it goes on with exactly the next one; stopped again and resumed too. */
export async function resumesExactly<In, Out>(subject: Subject<In, Out>, sample: Sample<In>): Promise<void> {
  const chunks = travelsOf(sample, 1)[2] as Chunk<In>[];
  const make = () => leavingOut(subject(new WatchedSource(chunks).pipeline));
  const whole = plain(await make().toArray());
  for (let first = 1; first <= whole.length; first++) {
    const state = await stateAfter(make(), first, whole);
    assert.deepEqual(plain(await make().resume(state).toArray()), whole.slice(first), `resumed after ${first}`);
    const more = Math.min(2, whole.length - first);
    if (more === 0) continue;
    const again = await stateAfter(make().resume(state), more, whole.slice(first));
    const rest = plain(await make().resume(again).toArray());
    assert.deepEqual(rest, whole.slice(first + more), `resumed after ${first}, and again after ${more} more`);
  }
}

/** The state as it would be kept in a file. */
async function stateAfter(pipeline: Pipeline<unknown>, count: number, expected: unknown[]): Promise<PipelineState> {
  const iterator = pipeline[Symbol.asyncIterator]();
  const given: unknown[] = [];
  while (given.length < count) given.push(toPlain((await iterator.next()).value));
  assert.deepEqual(given, expected.slice(0, count));
  const state = JSON.stringify(pipeline.state());
  await iterator.return?.();
  return JSON.parse(state);
}

/** An error of the source comes unchanged, behind the same records however they were cut, and the source is closed. */
export async function passesErrorsOn<In, Out>(subject: Subject<In, Out>, sample: Sample<In>): Promise<void> {
  for (let length = 0; length <= sample.records.length; length++) {
    const beginning = { ...sample, records: sample.records.slice(0, length) };
    const outcomes: unknown[] = [];
    for (const chunks of travelsOf(beginning, 1)) {
      const source = new WatchedSource(chunks, { failAt: chunks.length });
      const { records, error } = await untilFailure(leavingOut(subject(source.pipeline)));
      if (error !== undefined) assert.equal(error, source.failure, 'the error of the source came as another');
      source.assertClosed();
      outcomes.push({ records: plain(records), failed: error !== undefined });
    }
    for (const outcome of outcomes) assert.deepEqual(outcome, outcomes[0], `a failure behind ${length} records`);
  }
}

/**
 * Bad records are left out, counted, and end the run at the first one, or at one beyond a limit, as the error policy says;
 * those before it come before its error.
 */
export async function obeysThePolicy<In, Out>(subject: Subject<In, Out>, sample: Sample<In>): Promise<void> {
  for (const chunks of travelsOf(sample, 2)) {
    const { records, rejected } = await outcomeOf(subject, chunks);
    const under = (policy: string, limit?: string) =>
      subject(new WatchedSource(chunks).pipeline).onError(policy, limit);
    const skipping = under('skip');
    assert.deepEqual(plain(await skipping.toArray()), records, 'under "skip" other records come');
    const counted = skipping.report().stages.reduce((sum, stage) => sum + stage.rejected, 0);
    assert.equal(counted, rejected.length, 'the report counts other bad records than the policy was told of');
    const ends = [under('fail'), ...limitsBelow(rejected).map((limit) => under('skip', limit))];
    for (const [at, pipeline] of ends.entries()) {
      const { records: before, error } = await untilFailure(pipeline);
      assert.deepEqual(plain(before), records.slice(0, before.length), 'records before a bad one differ');
      if (rejected.length === 0) assert.equal(error, undefined);
      else assert.equal((error as MillraceError | undefined)?.code, 'MILLRACE_BAD_RECORD');
      if (at > 0 || rejected.length === 0) continue;
      const isTold = rejected.some(({ error: message }) => message === (error as Error).message);
      assert.ok(isTold, `another error than that of a bad record: ${error}`);
    }
  }
}

/**
 * It holds on to a chunk's memory no longer than it says: one with a `remote` until the next chunk is asked for, and what
 * comes of it may be read till then; one that `consumes` its chunks until the next is asked for, and what comes of it may be kept.
 */
export async function letsGoOfMemory<In, Out>(subject: Subject<In, Out>, sample: Sample<In>): Promise<void> {
  for (const chunks of travelsOf(sample, 2)) {
    const expected = await outcomeOf(subject, chunks);
    const kept = await toldOf(async (policy) => subject(lendingSource(chunks)).onError(policy).toArray());
    assert.deepEqual(kept, expected, 'what was kept of the records changed with the memory of earlier chunks');
    const passing = await toldOf(async (policy) => {
      const records: unknown[] = [];
      const made = subject(lendingSource(chunks)).onError(policy).chunks(undefined, { consumes: true });
      for await (const chunk of made) records.push(...plain([...chunk]));
      return records;
    });
    assert.deepEqual(passing, expected, 'records hung on the memory of earlier chunks');
  }
}

/** A record that broke a rule. */
interface Told {
  readonly stage: string | undefined;
  readonly error: string;
  readonly raw: unknown;
}

/** What became of the records, and of the bad ones. */
interface Outcome {
  readonly records: readonly unknown[];
  readonly rejected: readonly Told[];
}

/** A chunk is done in one stage before it comes to the next: of several stages, who is first to reject hangs on the cut. */
function inAnyOrder({ records, rejected }: Outcome) {
  return { records, rejected: rejected.map((one) => JSON.stringify(one)).sort() };
}

/** The limits that end a run. They are of each stage by itself. */
function limitsBelow(rejected: readonly Told[]): string[] {
  const stages = [...new Set(rejected.map(({ stage }) => stage))];
  const most = Math.max(0, ...stages.map((name) => rejected.filter(({ stage }) => stage === name).length));
  return Array.from({ length: most }, (_, limit) => `${limit}`);
}

async function outcomeOf<In, Out>(subject: Subject<In, Out>, chunks: readonly Chunk<In>[]): Promise<Outcome> {
  const source = new WatchedSource(chunks);
  const outcome = await toldOf((policy) => subject(source.pipeline).onError(policy).toArray());
  source.assertClosed();
  return outcome;
}

/** Bad records are read at the end, as by someone who keeps them. */
async function toldOf(run: (policy: Rejects) => Promise<unknown[]>): Promise<Outcome> {
  const rejected: { stage: string | undefined; error: string; raw: unknown }[] = [];
  const policy: Rejects = {
    reject: (error, raw, counts) => void rejected.push({ stage: counts?.stage, error: error.message, raw }),
  };
  const records = plain(await run(policy));
  return { records, rejected: rejected.map((one) => ({ ...one, raw: toPlain(one.raw) })) };
}

function leavingOut<T>(pipeline: Pipeline<T>): Pipeline<T> {
  return pipeline.onError('skip');
}

async function within<T>(promise: Promise<T>, otherwise: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: otherwise })), PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
