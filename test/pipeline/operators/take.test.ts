import test from 'ava';
import fc from 'fast-check';
import { keepsTheLaws } from '../laws.ts';
import { chunksOf, oneByOne, Probe, words } from '../probes.ts';

keepsTheLaws('take', {
  argument: fc.nat(20),
  apply: (pipeline, count) => pipeline.take(count),
  oracle: (list, count) => list.slice(0, count),
});

test('the source is closed as soon as the records are there', async (t) => {
  const probe = new Probe(oneByOne(words(5)), { failAt: 2 });
  t.deepEqual(await probe.pipeline.take(2).toArray(), words(2));
  probe.assertClosed();
  t.is(probe.given, 2);
});

test('the source is closed while the consumer still holds the last of them', async (t) => {
  const probe = new Probe(chunksOf({ sizes: [2, 2], as: 'tables' }));
  const iterator = probe.pipeline.take(4)[Symbol.asyncIterator]();
  for (let read = 0; read < 4; read++) t.false((await iterator.next()).done);
  t.true((await iterator.next()).done);
  probe.assertClosed();
});

test('for none, the source is not opened', async (t) => {
  const probe = new Probe(oneByOne(words(5)), { hangAt: 0 });
  t.deepEqual(await probe.pipeline.take(0).toArray(), []);
  t.is(probe.given, 0);
  t.false(probe.hanging);
});

test('all and more than all', async (t) => {
  for (const count of [3, 4, Number.POSITIVE_INFINITY]) {
    t.is((await new Probe(oneByOne(words(3))).pipeline.take(count).toArray()).length, 3);
  }
});
