import test from 'ava';
import type { Report, StageReport } from '../../pipeline/index.ts';
import { pipelineTable } from '../../reports/pipeline-table.ts';

const stage = (figures: Partial<StageReport>) =>
  ({
    name: 'stage',
    recordsIn: 0,
    recordsOut: 0,
    bytesOut: 0,
    busySeconds: 0,
    waitingSeconds: 0,
    dropped: {},
    rejected: 0,
    rejectedBy: {},
    tallies: {},
    ...figures,
  }) as StageReport;

const report: Report = {
  seconds: 2,
  consumerSeconds: 0.5,
  bottleneck: 'read',
  stages: [
    stage({ name: 'read', recordsOut: 1, bytesOut: 2_500_000, busySeconds: 1.25 }),
    stage({
      ...{ name: 'parse', recordsIn: 1200, recordsOut: 1100, busySeconds: 0.25, waitingSeconds: 1.25 },
      ...{ dropped: { 'no gold label': 97 }, rejected: 3, rejectedBy: { odd: 1, even: 2 } },
    }),
    stage({
      ...{ name: 'batch', recordsIn: 1100, recordsOut: 35, heldRecords: 900, heldBytes: 1_200_000 },
      tallies: { cells: 200, padding: 50 },
    }),
  ],
};

test('a line a stage, with what it left out and padded, and who limits the run', (t) => {
  t.deepEqual(pipelineTable(report).split('\n'), [
    'stage     in    out  MB out  busy s  waiting s  share          held  notes',
    'read       0      1     2.5   1.250      0.000  62.5%',
    'parse  1,200  1,100     0.0   0.250      1.250  12.5%                97 no gold label, 3 bad: even (2), odd (1)',
    'batch  1,100     35     0.0   0.000      0.000   0.0%  900 (1.2 MB)  25.0% padding',
    '35 records in 2.000 s, 18 a second; read limits it: were it free, the run would be 2.7 times as fast',
  ]);
});

test('a consumer that limits the run is named, and a run of no time divides by nothing', (t) => {
  const slow = pipelineTable({ ...report, bottleneck: 'consumer', consumerSeconds: 1.5 });
  t.true(slow.endsWith('; the consumer limits it, at work for 75.0% of the time'));
  t.notRegex(pipelineTable({ ...report, seconds: 0 }), /NaN|Infinity/);
  t.notRegex(pipelineTable({ ...report, seconds: 0, stages: [] }), /NaN|Infinity|undefined/);
});

test('a damaged cache is told of', (t) => {
  const cache = stage({ name: 'cache', tallies: { 'damaged cache files': 1 } });
  t.regex(pipelineTable({ ...report, stages: [cache] }), /^cache .* a damaged cache, made again$/m);
});

test('how far counts may be off is told of', (t) => {
  const vocabulary = stage({ name: 'vocabulary', tallies: { undercount: 1200 } });
  t.regex(pipelineTable({ ...report, stages: [vocabulary] }), /^vocabulary .* counts up to 1,200 too low$/m);
});

test('stages on worker threads: the share of these threads, and what one more could win', (t) => {
  const crewed = { crew: 1, workers: 2 };
  const stages = [
    stage({ name: 'read', recordsOut: 9, busySeconds: 0.5 }),
    stage({ name: 'parse', recordsOut: 9, busySeconds: 2.5, ...crewed }),
    stage({
      name: 'ids',
      recordsOut: 9,
      busySeconds: 1,
      waitingSeconds: 1.5,
      ...crewed,
      rejected: 2,
      rejectedBy: { odd: 2 },
    }),
  ];
  const limited = pipelineTable({ seconds: 2, consumerSeconds: 0.25, bottleneck: 'parse', stages }).split('\n');
  t.deepEqual(limited.slice(2), [
    'parse   0    9     0.0   2.500      0.000  62.5%        on 2 workers',
    'ids     0    9     0.0   1.000      1.500  25.0%        on 2 workers, 2 bad: odd (2)',
    '9 records in 2.000 s, 5 a second; parse, on 2 workers, limits it: with one worker more, the run could be 1.7 times as fast',
  ]);
  // What the crew takes stays, even if the main thread had nothing to do.
  const main = pipelineTable({ seconds: 2, consumerSeconds: 0, bottleneck: 'read', stages });
  t.true(main.endsWith('read limits it: were it free, the run would be 1.1 times as fast'));
});

test('a source on a worker thread is not helped by another one', (t) => {
  const stages = [
    stage({ name: 'read', recordsOut: 9, busySeconds: 1.5, crew: 1, workers: 1 }),
    stage({ name: 'lines', recordsOut: 9, busySeconds: 0.4, crew: 1, workers: 1 }),
    stage({ name: 'parse', recordsOut: 9, busySeconds: 1, crew: 2, workers: 1 }),
  ];
  const table = pipelineTable({ seconds: 2, consumerSeconds: 0.25, bottleneck: 'read', stages });
  t.true(table.endsWith('read, on 1 worker, limits it: were it free, the run would be 2.0 times as fast'), table);
});
