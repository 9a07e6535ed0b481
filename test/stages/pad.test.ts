import test from 'ava';
import fc from 'fast-check';
import { paddingOf, padSequences } from '../../stages/pad.ts';
import { runs } from './arbitraries.ts';

test('rows are filled or cut to the width, and the ledger equals a recount', (t) => {
  const rows = fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 6 }), { maxLength: 5 });
  fc.assert(
    fc.property(rows, fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }), (all, width) => {
      const padded = width === undefined ? padSequences(all) : padSequences(all, width);
      t.is(padded.width, width ?? Math.max(1, ...all.map((row) => row.length)));
      const back = all.map((_, r) => [...padded.ids.subarray(r * padded.width, (r + 1) * padded.width)]);
      t.deepEqual(
        back,
        all.map((row) => Array.from({ length: padded.width }, (_, i) => row[i] ?? 0)),
      );
      t.deepEqual(
        [...padded.lengths],
        all.map((row) => Math.min(row.length, padded.width)),
      );
      t.is(padded.ids.length, all.length * padded.width);
      t.deepEqual(paddingOf(padded), { cells: padded.ids.length, padding: padded.ids.filter((id) => id === 0).length });
    }),
    runs(300),
  );
});

test('no rows, and rows of nothing', (t) => {
  t.deepEqual(padSequences([]), { ids: new Int32Array(0), lengths: new Int32Array(0), width: 1 });
  t.deepEqual(padSequences([[]]), { ids: Int32Array.of(0), lengths: Int32Array.of(0), width: 1 });
  t.deepEqual(paddingOf(padSequences([[]])), { cells: 1, padding: 1 });
});
