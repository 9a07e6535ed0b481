import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { compact, gather, offsetsOf } from '../../pipeline/ranges.ts';
import { law } from './laws.ts';

const MEMORY = 200;

/** Ranges in any order, that overlap, repeat and are null. */
const ranges = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.nat(MEMORY), fc.nat(60)) },
    { weight: 2, arbitrary: fc.constant('again' as const) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  { maxLength: 20 },
);

function arraysOf(rows: readonly ([number, number] | 'again' | null)[]): { starts: Int32Array; ends: Int32Array } {
  const starts = new Int32Array(rows.length).fill(-1);
  const ends = new Int32Array(rows.length).fill(-1);
  rows.forEach((row, i) => {
    if (row === null || (row === 'again' && i === 0)) return;
    starts[i] = row === 'again' ? (starts[i - 1] as number) : row[0];
    ends[i] = row === 'again' ? (ends[i - 1] as number) : Math.min(MEMORY, row[0] + row[1]);
  });
  return { starts, ends };
}

for (const memory of [
  Uint8Array.from({ length: MEMORY }, (_, i) => i),
  Int32Array.from({ length: MEMORY }, (_, i) => i * 1000),
]) {
  law(
    `every row of compact ranges has what it had, and nothing else is kept (${memory.constructor.name})`,
    [ranges],
    (rows) => {
      const { starts, ends } = arraysOf(rows);
      const kept = compact(starts, ends, memory);
      const gathered = gather(memory, kept);
      assert.equal(gathered.length, kept.length);
      let needed = 0;
      for (let row = 0; row < rows.length; row++) {
        const [start, end] = [kept.starts[row] as number, kept.ends[row] as number];
        if ((starts[row] as number) < 0) {
          assert.deepEqual([start, end], [-1, -1]);
          continue;
        }
        assert.deepEqual([...gathered.subarray(start, end)], [...memory.subarray(starts[row], ends[row])]);
        const shared = row > 0 && starts[row] === starts[row - 1] && ends[row] === ends[row - 1];
        if (shared) assert.equal(start, kept.starts[row - 1]);
        else needed += end - start;
      }
      assert.equal(kept.length, needed);
    },
  );
}

test('offsets are told where ranges follow one another, and nowhere else', (t) => {
  const offsets = (starts: number[], ends: number[]) => offsetsOf(Int32Array.from(starts), Int32Array.from(ends));
  t.deepEqual(offsets([0, 2, 2], [2, 2, 5]), Int32Array.of(0, 2, 2, 5));
  t.deepEqual(offsets([], []), Int32Array.of(0));
  t.is(offsets([0, 2, 2], [2, 5, 5]), undefined);
  t.is(offsets([0, 0], [2, 2]), undefined);
  t.is(offsets([0, -1], [2, -1]), undefined);
  t.is(offsets([1], [2]), undefined);
});
