import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { ArrayChunk, type Chunk, Pipeline, type Report } from '../../pipeline/index.ts';
import { Meter } from '../../pipeline/meter.ts';
import { law } from './laws.ts';
import { chunksOf, oneByOne, Probe, rejection, total, travels } from './probes.ts';

/** Far longer than anything else in these tests takes, on a machine that is busy too. */
const LONG = 60;
const TURNS = 4;

const numbers = (delay: number) =>
  Pipeline.fromSource<number>({
    name: 'numbers',
    async *open() {
      for (let turn = 0; turn < TURNS; turn++) {
        if (delay > 0) await sleep(delay);
        yield new ArrayChunk([turn]);
      }
    },
  });

const pass = (value: number) => value;
const idle = async (value: number) => sleep(LONG, value);
const toil = (value: number) => {
  for (const end = performance.now() + LONG; performance.now() < end; );
  return value;
};

async function reportOf(
  pipeline: Pipeline<unknown>,
  consume: () => Promise<unknown> = async () => {},
): Promise<Report> {
  for await (const _record of pipeline) await consume();
  return pipeline.report();
}

test('the slow one is the bottleneck', async (t) => {
  const reports = await Promise.all([
    reportOf(numbers(LONG).map(pass)),
    reportOf(
      numbers(0)
        .map(pass)
        .tap(async (value) => void (await idle(value)))
        .filter(() => true),
    ),
    reportOf(numbers(0).map(pass).skip(0), () => sleep(LONG)),
  ]);
  t.deepEqual(
    reports.map(({ bottleneck }) => bottleneck),
    ['numbers', 'tap', 'consumer'],
  );
});

test('a stage that computes is told from those that wait for it', async (t) => {
  const report = await reportOf(
    numbers(0)
      .tap(() => {})
      .map(toil)
      .filter(() => true),
  );
  t.is(report.bottleneck, 'map');
  const [source, tap, map, filter] = report.stages;
  t.true(map!.busySeconds > source!.busySeconds + tap!.busySeconds + filter!.busySeconds);
  t.true(filter!.waitingSeconds >= map!.busySeconds);
  t.is(source!.waitingSeconds, 0);
});

test('the bottleneck of joined pipelines is the part that is slow', async (t) => {
  const slow = numbers(0).map(idle);
  for (const joined of [numbers(0).concat(slow), numbers(0).interleave(slow)]) {
    t.is((await reportOf(joined)).bottleneck, 'map');
  }
});

test('what is prefetched costs its consumer only what it has to wait for', async (t) => {
  const { stages } = await reportOf(numbers(0).map(idle).prefetch(TURNS), () => sleep(2 * LONG));
  const [, map, prefetch] = stages;
  t.is(prefetch?.busySeconds, 0);
  // After the first record the others come while the consumer is at work.
  t.true(map!.busySeconds > prefetch!.waitingSeconds);
});

test('without prefetching, the times of all add up to the time of the run', async (t) => {
  const { seconds, consumerSeconds, stages } = await reportOf(numbers(3).map(pass).shuffle(2, 1).concat(numbers(1)));
  const busy = stages.reduce((sum, stage) => sum + stage.busySeconds, 0);
  t.true(Math.abs(seconds - consumerSeconds - busy) < 1e-9);
});

law('records and bytes are counted where they pass', [travels, fc.nat(20)], async (travel, count) => {
  const probe = new Probe(chunksOf(travel));
  const pipeline = probe.pipeline.filter(({ id }) => id % 2 === 0).take(count);
  const taken = await pipeline.toArray();
  const [source, filter, take] = pipeline.report().stages;
  assert.equal(source?.name, 'watched');
  assert.equal(source?.recordsIn, 0);
  assert.equal(source?.recordsOut, probe.given);
  assert.equal(filter?.recordsIn, probe.given);
  assert.equal(filter?.recordsOut, Math.ceil(probe.given / 2));
  assert.equal(filter?.dropped.filtered ?? 0, Math.floor(probe.given / 2));
  assert.equal(take?.recordsIn, filter?.recordsOut);
  assert.equal(take?.recordsOut, taken.length);
});

law('the bytes of a source are those of its chunks', [travels], async (travel) => {
  const pipeline = new Probe(chunksOf(travel)).pipeline.rechunk(3);
  await pipeline.toArray();
  const bytes = chunksOf(travel).reduce((sum, chunk) => sum + chunk.bytes, 0);
  assert.equal(pipeline.report().stages[0]?.bytesOut, bytes);
  assert.equal(pipeline.report().stages[1]?.recordsOut, total(travel));
});

test('the parts of joined pipelines are reported behind what joins them, which counts what they give', async (t) => {
  const pipeline = numbers(0).map(pass).concat(numbers(0)).skip(1);
  await pipeline.toArray();
  t.deepEqual(
    pipeline.report().stages.map(({ name, recordsIn, recordsOut }) => [name, recordsIn, recordsOut]),
    [
      ['concat', 2 * TURNS, 2 * TURNS],
      ['skip', 2 * TURNS, 2 * TURNS - 1],
      ['numbers', 0, TURNS],
      ['map', TURNS, TURNS],
      ['numbers', 0, TURNS],
    ],
  );
});

test('a report can be had while the run is under way, and stays when it is over', async (t) => {
  const pipeline = numbers(0);
  const iterator = pipeline[Symbol.asyncIterator]();
  await iterator.next();
  t.is(pipeline.report().stages[0]?.recordsOut, 1);
  await iterator.return?.();
  const { seconds } = pipeline.report();
  await sleep(5);
  t.is(pipeline.report().seconds, seconds);
  await pipeline.toArray();
  t.is(pipeline.report().stages[0]?.recordsOut, TURNS, 'another iteration has a report of its own');
});

test('a run that fails has a report too', async (t) => {
  const probe = new Probe(oneByOne([1, 2]), { failAt: 1 });
  const { pipeline } = probe;
  t.is(await rejection(pipeline.toArray()), probe.failure);
  t.is(pipeline.report().stages[0]?.recordsOut, 1);
});

test('whatever has ended, failed or been closed is left alone', async (t) => {
  const failure = new Error('it failed');
  const last: Record<string, () => Promise<IteratorResult<Chunk<number>>>> = {
    ended: async () => ({ done: true, value: undefined }),
    failed: () => Promise.reject(failure),
    closed: async () => ({ done: false, value: new ArrayChunk([1]) }),
  };
  for (const [how, next] of Object.entries(last)) {
    const calls: string[] = [];
    const source: AsyncIterable<Chunk<number>> = {
      [Symbol.asyncIterator]: () => ({
        next() {
          calls.push('next');
          return next();
        },
        async return() {
          calls.push('return');
          return { done: true, value: undefined };
        },
      }),
    };
    const meter = new Meter();
    const iterator = meter.link(source, meter.stage('source'))[Symbol.asyncIterator]();
    await iterator.next().catch(() => {});
    if (how === 'closed') await iterator.return?.();
    t.deepEqual(await iterator.next(), { done: true, value: undefined });
    t.deepEqual(await iterator.return?.(), { done: true, value: undefined });
    t.deepEqual(calls, how === 'closed' ? ['next', 'return'] : ['next']);
  }
});

test('a crew limits the run when its threads take longer than the main thread does over all else', (t) => {
  const reportOf = (workers: number, inMain: number) => {
    const meter = new Meter();
    const crew = meter.crew(workers);
    meter.stage('read').elapsed = inMain;
    for (const [name, busy] of [
      ['parse', 3000],
      ['ids', 1000],
    ] as const) {
      meter.stage(name, false, crew).busyInCrew = busy;
    }
    meter.end();
    return meter.report();
  };
  t.is(reportOf(1, 2000).bottleneck, 'parse');
  t.is(reportOf(2, 1900).bottleneck, 'parse');
  t.is(reportOf(2, 2100).bottleneck, 'read');
  // In the main thread each stage is one by itself.
  t.is(reportOf(0, 2900).bottleneck, 'parse');
  t.is(reportOf(0, 3100).bottleneck, 'read');
  t.deepEqual(
    reportOf(2, 0).stages.map(({ crew, workers }) => [crew, workers]),
    [
      [undefined, undefined],
      [1, 2],
      [1, 2],
    ],
  );
});
