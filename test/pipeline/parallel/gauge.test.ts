import test from 'ava';
import fc from 'fast-check';
import { ClockGauge, workersFor } from '../../../pipeline/parallel/gauge.ts';

test('no threads for what is hardly any work, or where there are no cores', (t) => {
  t.is(workersFor(0, 0.5, 8), 0);
  t.is(workersFor(0.09, 1, 8), 0);
  t.is(workersFor(0.9, 1, 1), 0);
  // The rest of the process has a core of its own, and another one for zlib.
  t.is(workersFor(0.5, 2, 2), 0);
});

test('as many as it takes for the crew to keep up with the rest, and no more than fit', (t) => {
  t.is(workersFor(0.3, 1.2, 8), 1);
  t.is(workersFor(0.5, 1.2, 8), 1);
  t.is(workersFor(0.6, 1.2, 8), 2);
  t.is(workersFor(0.75, 1.2, 8), 3);
  t.is(workersFor(0.8, 1.2, 2), 1);
  t.is(workersFor(1, 1, 4), 4);
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(share, share, fc.nat(15), (busy, others, cores) => {
      const workers = workersFor(busy, busy + others, cores + 1);
      t.true(Number.isInteger(workers) && workers >= 0 && workers <= cores + 1 - others);
      // One fewer would be what the rest waits for.
      if (workers > 1) t.true(busy / (workers - 1) > 1 - busy);
    }),
    { seed: 5, numRuns: 300 },
  );
});

test('the first second warms up, the second one counts', (t) => {
  const { now } = performance;
  t.teardown(() => {
    performance.now = now;
  });
  let time = 5000;
  performance.now = () => time;
  const gauge = new ClockGauge();
  const chunk = (busy: number, idle: number) => {
    time += busy + idle;
    return gauge.add(busy);
  };
  t.is(chunk(100, 4000), undefined);
  for (let n = 0; n < 9; n++) t.is(chunk(100, 0), undefined);
  t.is(chunk(100, 0), undefined);
  for (let n = 0; n < 9; n++) t.is(chunk(4, 96), undefined);
  t.is(chunk(4, 96)?.share.toFixed(3), '0.040');
});
