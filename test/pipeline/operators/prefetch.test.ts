import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { Pipeline } from '../../../pipeline/index.ts';
import { keepsTheLaws } from '../laws.ts';
import { oneByOne, Probe, quiet, rejection, words } from '../probes.ts';

const argument = fc.integer({ min: 1, max: 4 });

keepsTheLaws('prefetch', {
  argument,
  apply: (pipeline, ahead) => pipeline.prefetch(ahead),
  oracle: (list) => list,
  needs: (count, ahead, list) => Math.min(list.length, count + ahead),
});

keepsTheLaws('prefetch after prefetch', {
  argument,
  apply: (pipeline, ahead) => pipeline.prefetch(ahead).prefetch(1),
  oracle: (list) => list,
  needs: (count, ahead, list) => Math.min(list.length, count + ahead + 1),
});

test('nothing is fetched before the first record is asked for', async (t) => {
  const probe = new Probe(oneByOne(words(5)));
  const iterator = probe.pipeline.prefetch(3)[Symbol.asyncIterator]();
  await quiet();
  t.is(probe.given, 0);
  await iterator.next();
  await quiet();
  t.is(probe.given, 4);
  await iterator.return?.();
  probe.assertClosed();
});

test('whoever stops while a chunk is being fetched that never comes is not kept', async (t) => {
  const probe = new Probe(oneByOne(words(5)), { hangAt: 2 });
  const iterator = probe.pipeline.prefetch(3)[Symbol.asyncIterator]();
  await iterator.next();
  await quiet();
  t.true(probe.hanging);
  await iterator.return?.();
  probe.assertClosed();
});

test('a source that fails to close while a chunk is being fetched fails whoever stops, and no one else', async (t) => {
  const failure = new Error('it will not close');
  let reads = 0;
  const pipeline = Pipeline.fromSource({
    name: 'stuck',
    open: () => ({
      [Symbol.asyncIterator]: () => ({
        async next() {
          if (reads++ > 0) await quiet();
          return { done: false, value: oneByOne(words(1))[0]! };
        },
        return: () => Promise.reject(failure),
      }),
    }),
  });
  const iterator = pipeline.prefetch(2)[Symbol.asyncIterator]();
  await iterator.next();
  t.is(await rejection(iterator.return?.() as Promise<unknown>), failure);
});

test('an error waits its turn without being unhandled', async (t) => {
  const probe = new Probe(oneByOne(words(3)), { failAt: 3 });
  const iterator = probe.pipeline.prefetch(8)[Symbol.asyncIterator]();
  for (let read = 0; read < 3; read++) {
    t.false((await iterator.next()).done);
    await quiet();
  }
  t.is(await rejection(iterator.next()), probe.failure);
  probe.assertClosed();
});

test('fetching nothing ahead is refused at once', (t) => {
  for (const ahead of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => Pipeline.from([1]).prefetch(ahead), { code: 'MILLRACE_USAGE' });
  }
});

test('without a number it fetches more ahead while its consumer comes too early, up to sixteen', async (t) => {
  // A source that is slow now and then: with one chunk ahead the consumer would wait for it each time.
  async function* bursts() {
    for (let n = 0; n < 120; n++) {
      if (n % 10 === 0) await setTimeout(20);
      yield n;
    }
  }
  const pipeline = Pipeline.from(bursts()).prefetch();
  const seen: number[] = [];
  for await (const n of pipeline) {
    seen.push(n);
    await setTimeout(2);
  }
  t.deepEqual(
    seen,
    Array.from({ length: 120 }, (_, n) => n),
  );
  const ahead = pipeline.report().stages.at(-1)?.tallies.ahead as number;
  t.true(ahead > 1 && ahead <= 16, `${ahead}`);
});

test('without a number, one chunk ahead is enough for a consumer that never waits', async (t) => {
  const pipeline = Pipeline.from([1, 2, 3, 4, 5]).rechunk(1).prefetch();
  for await (const _ of pipeline) await setTimeout(5);
  t.is(pipeline.report().stages.at(-1)?.tallies.ahead, 1);
});
