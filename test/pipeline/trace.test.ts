import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { Pipeline } from '../../pipeline/index.ts';
import { Trace } from '../../pipeline/trace.ts';

test('events lie within the run, and a stage that waits around the one it waits for', async (t) => {
  const pipeline = Pipeline.from([1, 2, 3])
    .rechunk(1)
    .map(async (n) => {
      await setTimeout(5);
      return n;
    })
    .filter(() => true);
  await pipeline.toArray();
  const events = pipeline.trace();
  const { seconds } = pipeline.report();
  for (const { ts, dur, ph } of events) {
    t.is(ph, 'X');
    t.true(ts >= 0 && ts + dur <= seconds * 1e6 + 1);
  }
  const maps = events.filter(({ name }) => name === 'map');
  const filters = events.filter(({ name }) => name === 'filter');
  t.is(maps.length, filters.length);
  maps.forEach((inner, i) => {
    const outer = filters[i] as (typeof events)[number];
    t.true(outer.ts <= inner.ts && inner.ts + inner.dur <= outer.ts + outer.dur + 1, 'nested');
    t.is(outer.tid, inner.tid);
  });
  t.is(
    maps.reduce((sum, { args }) => sum + args.records, 0),
    3,
  );
});

test('what is prefetched has a lane of its own', async (t) => {
  const pipeline = Pipeline.from([1, 2, 3])
    .prefetch(2)
    .map((n) => n);
  await pipeline.toArray();
  const lanes = new Map(pipeline.trace().map(({ name, tid }) => [name, tid]));
  t.not(lanes.get('from'), lanes.get('map'));
  t.is(lanes.get('prefetch'), lanes.get('map'));
});

test('a long run is sampled evenly, in bounded memory', (t) => {
  const trace = new Trace();
  const count = 100_000;
  for (let i = 0; i < count; i++) trace.add('stage', 0, i, 1, 1);
  const { events } = trace;
  t.true(events.length > 2000 && events.length <= 8192);
  const gaps = events.slice(1).map(({ ts }, i) => ts - (events[i] as { ts: number }).ts);
  t.is(new Set(gaps).size, 1);
  t.true((events.at(-1) as { ts: number }).ts > 0.99 * count * 1000 - 1000 * 32);
});

test('before the first iteration there is no trace', (t) => {
  t.throws(() => Pipeline.from([1]).trace(), { code: 'MILLRACE_USAGE' });
});
