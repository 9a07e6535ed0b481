import test from 'ava';
import fc from 'fast-check';
import { keepsTheLaws } from '../laws.ts';
import { oneByOne, Probe, quiet, rejection, words } from '../probes.ts';

keepsTheLaws('concat', {
  argument: fc.constant(undefined),
  joins: 2,
  apply: (pipeline, _argument, others) => pipeline.concat(...others),
  oracle: (list, _argument, others) => [...list, ...others.flat()],
  needs: (count) => count,
});

test('each is opened when the one before has ended', async (t) => {
  const first = new Probe(oneByOne(words(2)));
  const second = new Probe(oneByOne(words(2)));
  const iterator = first.pipeline.concat(second.pipeline)[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.next();
  t.is(second.opens, 0);
  await iterator.next();
  t.deepEqual([first.opens, first.closes, second.opens, second.closes], [1, 1, 1, 0]);
  await iterator.return?.();
  second.assertClosed();
});

test('the signal of a part ends the whole', async (t) => {
  const controller = new AbortController();
  const probe = new Probe(oneByOne(words(2)), { hangAt: 1 });
  const other = new Probe(oneByOne(words(2)));
  const outcome = other.pipeline.concat(probe.pipeline.withAbort(controller.signal)).toArray();
  await quiet();
  t.true(probe.hanging);
  const reason = new Error('no more');
  controller.abort(reason);
  t.is(await rejection(outcome), reason);
  probe.assertClosed();
});

test('with none but itself', async (t) => {
  t.deepEqual(await new Probe(oneByOne(words(2))).pipeline.concat().toArray(), words(2));
});
