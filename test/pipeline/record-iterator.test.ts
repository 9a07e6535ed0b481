import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { ArrayChunk, type Chunk } from '../../pipeline/index.ts';
import { RecordIterator } from '../../pipeline/record-iterator.ts';
import { law } from './laws.ts';
import { oneByOne, Probe, quiet, rejection } from './probes.ts';

const END = { done: true, value: undefined };

async function* generate<T>(chunks: readonly Chunk<T>[]) {
  for (const chunk of chunks) {
    await null;
    yield chunk;
  }
}

law(
  'requests that nobody awaits are answered in their order',
  [fc.array(fc.array(fc.nat(), { maxLength: 4 })), fc.array(fc.nat(5))],
  async (lists, bursts) => {
    const records = new RecordIterator(generate(lists.map((list) => new ArrayChunk(list))));
    const answers: IteratorResult<number>[] = [];
    const values = lists.flat();
    for (const burst of [...bursts, values.length + 1]) {
      const requests = Array.from({ length: burst }, () => records.next());
      // Answered in order, too: each promise that is settled comes after those before it.
      await Promise.all(requests.map((request) => request.then((answer) => answers.push(answer))));
    }
    const wanted = answers.map((_, index) => (index < values.length ? { done: false, value: values[index] } : END));
    assert.deepEqual(answers, wanted);
  },
);

test('a return in the middle of requests lets those before it through and ends those behind it', async (t) => {
  const probe = new Probe(oneByOne([1, 2, 3, 4]));
  const records = probe.pipeline[Symbol.asyncIterator]();
  t.deepEqual(await Promise.all([records.next(), records.next(), records.return?.(), records.next()]), [
    { done: false, value: 1 },
    { done: false, value: 2 },
    END,
    END,
  ]);
  probe.assertClosed();
});

test('a request that fails fails alone: what comes behind it is told the end', async (t) => {
  const probe = new Probe(oneByOne([1]), { failAt: 1 });
  const records = probe.pipeline[Symbol.asyncIterator]();
  const answers = await Promise.allSettled([records.next(), records.next(), records.next()]);
  t.deepEqual(answers, [
    { status: 'fulfilled', value: { done: false, value: 1 } },
    { status: 'rejected', reason: probe.failure },
    { status: 'fulfilled', value: END },
  ]);
  probe.assertClosed();
});

test('return drops the rest of the chunk, as often as it is called', async (t) => {
  const records = new RecordIterator(generate([new ArrayChunk([1, 2, 3])]));
  await records.next();
  t.deepEqual(await records.return(), END);
  t.deepEqual(await records.return(), END);
  t.deepEqual(await records.next(), END);
});

test('a record that is a promise is handed out as it is', async (t) => {
  const promise = Promise.resolve(7);
  const { value } = await new RecordIterator(generate([new ArrayChunk([promise])])).next();
  t.is(value, promise);
});

test('after an abort the requests in line get nothing of the chunk in hand', async (t) => {
  const controller = new AbortController();
  const probe = new Probe([new ArrayChunk([1, 2, 3, 4])]);
  const records = probe.pipeline[Symbol.asyncIterator](controller.signal);
  const reason = new Error('enough');
  const first = records.next();
  const second = records.next().then((answer) => {
    controller.abort(reason);
    return answer;
  });
  t.deepEqual(await first, { done: false, value: 1 });
  t.deepEqual(await second, { done: false, value: 2 });
  t.is(await rejection(records.next()), reason);
  await quiet();
  probe.assertClosed();
});
