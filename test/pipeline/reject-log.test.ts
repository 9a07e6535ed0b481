import test from 'ava';
import fc from 'fast-check';
import { DistinctRecords } from '../../pipeline/distinct-records.ts';
import {
  failOnReject,
  limitRejects,
  MillraceError,
  type Origin,
  RejectLog,
  skipRejects,
} from '../../pipeline/index.ts';
import { kindOf } from '../../pipeline/reject-kinds.ts';

const bad = (summary: string, origin?: Origin) =>
  new MillraceError('MILLRACE_BAD_RECORD', summary, { ...(origin && { origin }) });

test('records are distinct by file, entry and line', (t) => {
  const origins = fc.record({
    source: fc.constantFrom('a', 'b'),
    entry: fc.constantFrom(undefined, 'a', 'b'),
    line: fc.oneof(fc.nat(70), fc.integer({ min: 1000, max: 1100 }), fc.integer({ min: 2 ** 31, max: 2 ** 31 + 40 })),
  });
  fc.assert(
    fc.property(fc.array(origins, { maxLength: 100 }), (all) => {
      const distinct = new DistinctRecords();
      const oracle = new Set<string>();
      for (const { entry, ...rest } of all) {
        const origin = { ...rest, ...(entry !== undefined && { entry }) };
        const key = JSON.stringify([origin.source, entry, origin.line]);
        t.is(distinct.add(bad('x', origin), 'raw'), !oracle.has(key));
        oracle.add(key);
      }
    }),
    { seed: 5, numRuns: 200 },
  );
});

test('records without a line are distinct by what they are, and what is wrong with them', (t) => {
  const distinct = new DistinctRecords();
  for (const [error, raw] of [
    [bad('x'), { a: 1 }],
    [bad('x'), { a: 2 }],
    [bad('y'), { a: 1 }],
    [bad('x', { source: 'a' }), { a: 1 }],
  ] as const) {
    t.true(distinct.add(error, raw));
    t.false(distinct.add(error, { ...raw }));
  }
});

test('a log counts by rule what is left out, each record once', (t) => {
  const log = new RejectLog(skipRejects);
  for (let epoch = 0; epoch < 3; epoch++) {
    for (let line = 1; line <= 5; line++) {
      log.reject(
        bad(line === 3 ? 'The field "id" is wrong' : `The line is not JSON (at ${line})`, { source: 'a', line }),
        '',
      );
    }
  }
  t.deepEqual(
    [...log.leftOut],
    [
      ['the line is not JSON', 4],
      ['the field "id" is wrong', 1],
    ],
  );
});

test('what ends the run is not left out', (t) => {
  const log = new RejectLog(failOnReject);
  t.throws(() => log.reject(bad('x'), 1));
  t.is(log.leftOut.size, 0);
  t.false(log.silent);
  const limited = new RejectLog(limitRejects(skipRejects, '1'));
  t.is(limited.limit, '1');
  t.true(limited.silent);
});

test('a kind is the rule without what differs from record to record', (t) => {
  t.is(kindOf(bad('The line is not JSON (Unexpected token "(" in (x))')), 'the line is not JSON');
  t.is(kindOf(bad('SICK has no such label')), 'SICK has no such label');
  t.is(kindOf(bad('A row is short')), 'a row is short');
  t.is(kindOf(bad('')), '');
});
