import test from 'ava';
import fc from 'fast-check';
import { Pipeline, type Source } from '../../../pipeline/index.ts';
import { keepsTheLaws, untilFailure } from '../laws.ts';
import { oneByOne, Probe, quiet, rejection, type Word, words } from '../probes.ts';

keepsTheLaws('interleave', {
  argument: fc.constant(undefined),
  joins: 2,
  apply: (pipeline, _argument, others) => pipeline.interleave(...others),
  oracle(list, _argument, others) {
    const all = [list, ...others];
    const longest = Math.max(...all.map(({ length }) => length));
    return Array.from({ length: longest }, (_, turn) => all.flatMap((each) => each.slice(turn, turn + 1))).flat();
  },
  needs: (count) => count,
});

test('a slow one does not hold back the records before it', async (t) => {
  const slow = new Probe<Word>([], { hangAt: 0 });
  const iterator = Pipeline.from(words(1)).interleave(slow.pipeline)[Symbol.asyncIterator]();
  t.deepEqual(await iterator.next(), { done: false, value: words(1)[0] });
  t.false(slow.hanging);
  await iterator.return?.();
  slow.assertClosed();
});

test('the signal of a part ends the whole', async (t) => {
  const controller = new AbortController();
  const probe = new Probe(oneByOne(words(2)), { hangAt: 1 });
  const other = new Probe(oneByOne(words(9)));
  const outcome = other.pipeline.interleave(probe.pipeline.withAbort(controller.signal)).toArray();
  await quiet();
  t.true(probe.hanging);
  const reason = new Error('no more');
  controller.abort(reason);
  t.is(await rejection(outcome), reason);
  probe.assertClosed();
  other.assertClosed();
});

test('closing one that fails to close still closes the others', async (t) => {
  const failure = new Error('it will not close');
  const stuck = Pipeline.fromSource(unclosable(failure));
  const probe = new Probe(oneByOne(words(9)));
  const iterator = stuck.interleave(probe.pipeline)[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.next();
  t.is(await rejection(iterator.return?.() as Promise<unknown>), failure);
  probe.assertClosed();
});

test('the error of one comes unchanged though another fails to close', async (t) => {
  const probe = new Probe(oneByOne(words(9)), { failAt: 1 });
  const stuck = Pipeline.fromSource(unclosable(new Error('it will not close')));
  const { error } = await untilFailure(stuck.interleave(probe.pipeline));
  t.is(error, probe.failure);
});

function unclosable(failure: Error): Source<Word> {
  return {
    name: 'unclosable',
    open: () => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: oneByOne(words(1))[0]! }),
        return: () => Promise.reject(failure),
      }),
    }),
  };
}

test('weights: as many of each as they say, evenly spread, and the order of each kept', async (t) => {
  const of = (kind: string, count: number) => Pipeline.from(Array.from({ length: count }, (_, i) => `${kind}${i}`));
  const mixed = await Pipeline.mix([
    [of('a', 300), 3],
    [of('b', 100), 1],
  ]).toArray();
  t.is(mixed.length, 400);
  for (let start = 0; start < 400; start += 4) {
    t.is(mixed.slice(start, start + 4).filter((value) => value.startsWith('a')).length, 3);
  }
  t.deepEqual(
    mixed.filter((value) => value.startsWith('b')),
    await of('b', 100).toArray(),
  );
  t.deepEqual(
    await Pipeline.mix([
      [of('a', 2), 1],
      [of('b', 4), 1],
    ]).toArray(),
    ['a0', 'b0', 'a1', 'b1', 'b2', 'b3'],
  );
  t.deepEqual(await Pipeline.mix<string>([]).toArray(), []);
  t.throws(() => Pipeline.mix([[of('a', 2), 0]]), { code: 'MILLRACE_USAGE' });
});
