import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { Pipeline } from '../../pipeline/index.ts';
import { law, untilFailure } from './laws.ts';
import { quiet, rejection, until } from './probes.ts';

/** An async iterable of 0, 1, 2... that counts what is done to it, written by hand so that nothing is done for it. */
class Counter implements AsyncIterable<number> {
  opens = 0;
  reads = 0;
  returns = 0;
  readonly #end: number;
  readonly #atEnd: () => Promise<IteratorResult<number>>;

  constructor(end: number, atEnd = async (): Promise<IteratorResult<number>> => ({ done: true, value: undefined })) {
    this.#end = end;
    this.#atEnd = atEnd;
  }

  [Symbol.asyncIterator](): AsyncIterator<number> {
    this.opens++;
    let value = 0;
    return {
      next: async () => {
        this.reads++;
        return value === this.#end ? this.#atEnd() : { done: false, value: value++ };
      },
      return: async () => {
        this.returns++;
        return { done: true, value: undefined };
      },
    };
  }
}

const upTo = (end: number) => Array.from({ length: end }, (_, value) => value);

law('an iterable gives its values, again and again, in chunks that do not show', [fc.nat(600)], async (end) => {
  const pipeline = Pipeline.from(upTo(end));
  assert.deepEqual(await pipeline.toArray(), upTo(end));
  assert.deepEqual(await pipeline.toArray(), upTo(end));
});

test('an async iterable is opened when it is read, never read ahead, and left alone when it has ended', async (t) => {
  const counter = new Counter(3);
  const iterator = Pipeline.from(counter)[Symbol.asyncIterator]();
  await quiet();
  t.is(counter.opens, 0);
  for (let read = 1; read <= 3; read++) {
    await iterator.next();
    await quiet();
    t.is(counter.reads, read);
  }
  t.true((await iterator.next()).done);
  t.deepEqual([counter.opens, counter.reads, counter.returns], [1, 4, 0]);
});

test('an async iterable is closed once by whoever stops early', async (t) => {
  const counter = new Counter(9);
  t.deepEqual(await Pipeline.from(counter).take(2).toArray(), [0, 1]);
  t.deepEqual([counter.opens, counter.reads, counter.returns], [1, 2, 1]);
});

test('an async iterable that fails needs no closing', async (t) => {
  const failure = new Error('it failed');
  const counter = new Counter(2, () => Promise.reject(failure));
  t.deepEqual(await untilFailure(Pipeline.from(counter)), { records: [0, 1], error: failure });
  t.is(counter.returns, 0);
});

test('an async iterable that hangs is closed by an abort, which does not wait for it', async (t) => {
  let hanging = false;
  const counter = new Counter(1, () => {
    hanging = true;
    return new Promise(() => {});
  });
  const controller = new AbortController();
  const outcome = Pipeline.from(counter).toArray(controller.signal);
  await until(() => hanging);
  const reason = new Error('it takes too long');
  controller.abort(reason);
  t.is(await rejection(outcome), reason);
  t.is(counter.returns, 1);
});

test('an iterator that cannot be closed is just left', async (t) => {
  const endless = { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: 1 }) }) };
  t.deepEqual(await Pipeline.from(endless).take(2).toArray(), [1, 1]);
});

test('an iterator that answers without a promise is read like any other', async (t) => {
  const values = [1, 2][Symbol.iterator]();
  const source = { [Symbol.asyncIterator]: () => ({ next: () => values.next() }) };
  t.deepEqual(await Pipeline.from(source as unknown as AsyncIterable<number>).toArray(), [1, 2]);
});

test('an async iterable gets the signal of the run, as one of IxJS expects', async (t) => {
  const controller = new AbortController();
  let given: AbortSignal | undefined;
  const source = {
    async *[Symbol.asyncIterator](signal?: AbortSignal) {
      given = signal;
      yield 1;
    },
  };
  const iterator = Pipeline.from(source)[Symbol.asyncIterator](controller.signal);
  await iterator.next();
  t.is(given?.aborted, false);
  controller.abort();
  t.is(given?.aborted, true);
});

/** A generator that says whether it was closed. */
function* counted(end: number, state: { closed: boolean }, failure?: Error): Generator<number> {
  try {
    for (let value = 0; value < end; value++) yield value;
    if (failure) throw failure;
  } finally {
    state.closed = true;
  }
}

test('a generator is closed by whoever stops early, and by an abort', async (t) => {
  const state = { closed: false };
  t.is((await Pipeline.from(counted(1000, state)).take(300).toArray()).length, 300);
  t.true(state.closed);

  const other = { closed: false };
  const controller = new AbortController();
  const iterator = Pipeline.from(counted(1000, other))[Symbol.asyncIterator](controller.signal);
  await iterator.next();
  controller.abort();
  await quiet();
  t.true(other.closed);
});

test('a generator that never ends is aborted even where no record comes of it', async (t) => {
  const state = { closed: false };
  const controller = new AbortController();
  const reason = new Error('enough');
  const none = Pipeline.from(counted(Number.POSITIVE_INFINITY, state)).filter((value) => {
    if (value === 1000) controller.abort(reason);
    return false;
  });
  t.is(await rejection(none.toArray(controller.signal)), reason);
  t.true(state.closed);
});

law('the values before the failure of a generator come before it', [fc.nat(600)], async (end) => {
  const state = { closed: false };
  const failure = new Error('it failed');
  assert.deepEqual(await untilFailure(Pipeline.from(counted(end, state, failure))), {
    records: upTo(end),
    error: failure,
  });
  assert.ok(state.closed);
});
