import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { pipeline as flow } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { AsyncIterableX, first, from, toArray } from 'ix/asynciterable';
import * as ix from 'ix/asynciterable/operators';
import { ArrayChunk, Pipeline } from '../../pipeline/index.ts';
import { keepsTheLaws, law } from './laws.ts';
import { chunksOf, oneByOne, Probe, quiet, rejection, total, travels, until, type Word, words } from './probes.ts';

keepsTheLaws('a pipeline without stages', {
  argument: fc.constant(undefined),
  apply: (pipeline) => pipeline,
  oracle: (list) => list,
});

keepsTheLaws('a pipeline of many stages', {
  argument: fc.record({ seed: fc.nat(), of: fc.integer({ min: 1, max: 3 }) }),
  apply: (pipeline, { of }) =>
    pipeline
      .filter(({ id }) => id % 2 === 0)
      .skip(1)
      .prefetch(1)
      .rechunk(3)
      .map(({ id }) => id)
      .shard(of - 1, of)
      .take(4),
  oracle: (list, { of }) =>
    list
      .filter(({ id }) => id % 2 === 0)
      .slice(1)
      .map(({ id }) => id)
      .filter((_id, index) => index % of === of - 1)
      .slice(0, 4),
  // `rechunk` reads three records at a time; one more was skipped and one more is prefetched, of every second word.
  needs: (count, { of }, list) => Math.min(list.length, 2 * (Math.ceil((count * of) / 3) * 3 + 1) + 1),
});

test('from takes what IxJS takes', async (t) => {
  async function* generate() {
    yield* ['a', 'b'];
  }
  const observable = {
    [Symbol.observable ?? '@@observable']() {
      return this;
    },
    subscribe(observer: { next(value: string): void; complete(): void }) {
      for (const letter of 'ab') observer.next(letter);
      observer.complete();
      return { unsubscribe() {} };
    },
  };
  for (const values of [
    ['a', 'b'],
    'ab',
    new Set('ab'),
    new Map([
      ['a', 1],
      ['b', 2],
    ]).keys(),
    { length: 2, 0: 'a', 1: 'b' },
    generate(),
    from(['a', 'b']),
    Readable.from(['a', 'b']),
    Pipeline.from(['a', 'b']),
    observable,
  ]) {
    t.deepEqual(await Pipeline.from(values as Iterable<string>).toArray(), ['a', 'b']);
  }
  t.deepEqual(await Pipeline.from(Promise.resolve('a')).toArray(), ['a']);
});

test('from applies a selector as IxJS does', async (t) => {
  const scale = { by: 10 };
  const pipeline = Pipeline.from(
    [1, 2],
    function (this: typeof scale, value: number, index: number) {
      return `${value * this.by}@${index}`;
    },
    scale,
  );
  t.deepEqual(await pipeline.toArray(), ['10@0', '20@1']);
});

test('a pipeline is one already', (t) => {
  const pipeline = Pipeline.from([1]);
  t.is(Pipeline.from(pipeline), pipeline);
});

test('a pipeline is an AsyncIterableX; an AsyncIterableX need not be a pipeline', (t) => {
  t.true(Pipeline.from([1]) instanceof AsyncIterableX);
  t.true(Pipeline.from([1]) instanceof Pipeline);
  t.false(from([1]) instanceof Pipeline);
  t.false((null as unknown) instanceof Pipeline);
});

law('operators of IxJS work on it as on arrays', [travels, fc.integer({ min: 1, max: 5 })], async (travel, size) => {
  const probe = new Probe(chunksOf(travel));
  const ids = words(total(travel)).map(({ id }) => id);
  const found = probe.pipeline.map(({ id }) => id);
  const batches = await toArray(found.pipe(ix.buffer(size)));
  assert.deepEqual(
    batches,
    Array.from({ length: Math.ceil(ids.length / size) }, (_, index) => ids.slice(index * size, (index + 1) * size)),
  );
  assert.deepEqual(
    await toArray(
      found.pipe(
        ix.filter((id: number) => id % size === 0),
        ix.scan({ callback: (sum: number, id: number) => sum + id, seed: 0 }),
      ),
    ),
    ids.filter((id) => id % size === 0).map((_, index) => (size * index * (index + 1)) / 2),
  );
  assert.deepEqual(
    await toArray(
      found.pipe(
        ix.concatMap((id: number) => [id, id]),
        ix.distinct(),
        ix.take(size),
      ),
    ),
    ids.slice(0, size),
  );
  assert.equal(await first(found), ids[0]);
  probe.assertClosed();
});

test('forEach, which is of IxJS, sees every record', async (t) => {
  const seen: number[] = [];
  await Pipeline.from([1, 2, 3]).forEach((value) => void seen.push(value));
  t.deepEqual(seen, [1, 2, 3]);
});

test('a pipeline is a source for Node streams, which close it', async (t) => {
  t.deepEqual(await Readable.from(Pipeline.from(['a', 'b'])).toArray(), ['a', 'b']);

  const probe = new Probe(oneByOne(words(100)));
  const readable = Readable.from(probe.pipeline, { highWaterMark: 2 });
  for await (const _word of readable) break;
  await until(() => readable.closed);
  probe.assertClosed();
  t.true(probe.given < 10);

  const failing = new Probe(oneByOne(['a', 'b']), { failAt: 1 });
  t.is(await rejection(flow(failing.pipeline, new PassThrough())), failing.failure);
  failing.assertClosed();
});

test('a pipeline of texts pipes into a writable stream', async (t) => {
  const sink = new PassThrough({ encoding: 'utf8' });
  t.is(Pipeline.from(['a', 'b']).pipe(sink), sink);
  t.is((await sink.toArray()).join(''), 'ab');

  const open = new PassThrough({ encoding: 'utf8' });
  Pipeline.from(['a', 'b']).pipe(open, { end: false });
  for (let read = 0; read < 2; read++) await once(open, 'data');
  await quiet();
  t.true(open.writable);
});

test('a writable stream is destroyed when the pipeline fails, and closes it when it is closed', async (t) => {
  const failing = new Probe(oneByOne(['a', 'b']), { failAt: 1 });
  const sink = failing.pipeline.pipe(new PassThrough());
  t.is((await once(sink, 'error'))[0], failing.failure);
  failing.assertClosed();

  const hanging = new Probe(oneByOne(['a', 'b']), { hangAt: 2 });
  const closed = hanging.pipeline.pipe(new PassThrough());
  await until(() => hanging.hanging);
  closed.destroy();
  await until(() => hanging.closes === 1);
  hanging.assertClosed();
});

test('operators leave the pipeline that they are called on as it was', async (t) => {
  const pipeline = Pipeline.from([1, 2, 3]);
  pipeline
    .map((value) => value * 2)
    .take(1)
    .onError('skip')
    .withAbort(AbortSignal.abort());
  t.deepEqual(await pipeline.toArray(), [1, 2, 3]);
  t.is(pipeline.stages.length, 0);
});

test('two iterations at a time do not meet', async (t) => {
  const probe = new Probe(oneByOne(words(3)));
  const [one, other] = [probe.pipeline[Symbol.asyncIterator](), probe.pipeline[Symbol.asyncIterator]()];
  for (const word of words(3)) {
    t.deepEqual((await one.next()).value, word);
    t.deepEqual((await other.next()).value, word);
  }
  await one.return?.();
  t.is(probe.closes, 1);
  await other.return?.();
  probe.assertClosed();
});

test('an error in the loop that reads it closes it', async (t) => {
  const probe = new Probe(oneByOne(words(3)));
  const failure = new Error('the loop failed');
  const loop = async () => {
    for await (const _word of probe.pipeline) throw failure;
  };
  t.is(await rejection(loop()), failure);
  probe.assertClosed();
});

test('any of several signals ends it', async (t) => {
  for (const which of [0, 1, 2]) {
    const controllers = [new AbortController(), new AbortController(), new AbortController()] as const;
    const probe = new Probe(oneByOne(words(3)), { hangAt: 1 });
    const outcome = probe.pipeline
      .withAbort(controllers[0].signal)
      .map((word) => word)
      .withAbort(controllers[1].signal)
      .take(9)
      .toArray(controllers[2].signal);
    await until(() => probe.hanging);
    const reason = new Error(`signal ${which}`);
    controllers[which]?.abort(reason);
    t.is(await rejection(outcome), reason);
    probe.assertClosed();
  }
});

test('the reason of an abort is what is heard, whatever the source makes of it', async (t) => {
  const pipeline = Pipeline.fromSource<Word>({
    name: 'sleeper',
    async *open({ signal }) {
      try {
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('interrupted'))));
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: a source that fails to close is what is tested
        throw new Error('it will not close');
      }
    },
  });
  const controller = new AbortController();
  const outcome = pipeline.toArray(controller.signal);
  await quiet();
  const reason = new Error('it takes too long');
  controller.abort(reason);
  t.is(await rejection(outcome), reason);
});

test('an abort that the source does not notice keeps back the chunk that comes after it', async (t) => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const pipeline = Pipeline.fromSource({
    name: 'deaf',
    async *open() {
      await setImmediate();
      controller.abort(reason);
      yield new ArrayChunk([1]);
    },
  });
  t.is(await rejection(pipeline.take(1).toArray(controller.signal)), reason);
});

test('a source that cannot be opened fails the iteration, not its description', async (t) => {
  const failure = new Error('no such file');
  const pipeline = Pipeline.fromSource({
    name: 'missing',
    open() {
      throw failure;
    },
  }).take(1);
  t.is(await rejection(pipeline.toArray()), failure);
  t.is(pipeline.report().stages[0]?.name, 'missing');
});

test('a source that fails to close fails whoever stops early, not whoever has another error', async (t) => {
  const failure = new Error('it will not close');
  const pipeline = Pipeline.fromSource({
    name: 'stuck',
    open: () => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: new ArrayChunk([1]) }),
        return: () => Promise.reject(failure),
      }),
    }),
  });
  t.is(await rejection(pipeline.take(1).toArray()), failure);
  const other = new Error('the function failed');
  const failing = pipeline.map(() => {
    throw other;
  });
  t.is(await rejection(failing.toArray()), other);

  const reason = new Error('enough');
  const controller = new AbortController();
  const iterator = pipeline[Symbol.asyncIterator](controller.signal);
  await iterator.next();
  controller.abort(reason);
  t.is(await rejection(iterator.next()), reason);
});

test('many stages and signals warn of no leak', async (t) => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on('warning', listen);
  t.teardown(() => process.off('warning', listen));
  const { signal } = new AbortController();
  let pipeline = Pipeline.from([1, 2, 3]);
  for (let stage = 0; stage < 30; stage++) pipeline = pipeline.map(async (value) => value).prefetch(1);
  for (let epoch = 0; epoch < 30; epoch++) await pipeline.toArray(signal);
  await quiet();
  t.deepEqual(warnings, []);
});

test('an iterator that nobody holds any more is closed by an abort all the same', async (t) => {
  const probe = new Probe(oneByOne(words(3)));
  const controller = new AbortController();
  await probe.pipeline[Symbol.asyncIterator](controller.signal).next();
  controller.abort();
  await quiet();
  t.is(probe.opens, 1);
  probe.assertClosed();
});

test('the chunks of a pipeline are closed when their reader stops', async (t) => {
  const probe = new Probe(chunksOf({ sizes: [3, 3], as: 'tables' }));
  for await (const chunk of probe.pipeline.chunks()) {
    t.is(chunk.length, 3);
    break;
  }
  probe.assertClosed();
});

test('there is no report before the first iteration', async (t) => {
  const pipeline = Pipeline.from([1, 2]);
  t.throws(() => pipeline.report(), { code: 'MILLRACE_USAGE' });
  await pipeline.toArray();
  t.is(pipeline.report().stages[0]?.recordsOut, 2);
});
