import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { ArrayChunk, type Chunk, toPlain } from '../../pipeline/index.ts';
import { law } from './laws.ts';
import { tableOf, words } from './probes.ts';

const length = 12;

/** Parts of parts: each cut is a slice or a choice of rows of what is there by then. */
const cuts = fc.array(
  fc.oneof(
    fc.record({ start: fc.nat(length), end: fc.nat(length) }),
    fc.record({ rows: fc.array(fc.nat(length - 1), { maxLength: length }) }),
  ),
  { maxLength: 4 },
);

for (const [name, chunkOf] of [
  ['values', <T>(list: T[]) => new ArrayChunk(list)],
  ['a table', tableOf],
] as const) {
  law(`a chunk of ${name} is cut like an array`, [cuts], (all) => {
    let list = words(length);
    let chunk: Chunk<unknown> = chunkOf(list);
    for (const cut of all) {
      if ('rows' in cut) {
        const rows = cut.rows.filter((row) => row < list.length);
        list = rows.map((row) => list[row]!);
        chunk = chunk.take(rows);
      } else {
        const [start, end] = [Math.min(cut.start, list.length), Math.min(cut.end, list.length)].sort((a, b) => a - b);
        list = list.slice(start, end);
        chunk = chunk.slice(start!, end!);
      }
      assert.equal(chunk.length, list.length);
      assert.deepEqual([...chunk].map(toPlain), list);
      assert.deepEqual(
        list.map((_, row) => toPlain(chunk.get(row))),
        list,
      );
    }
  });
}

test('rows are taken by any kind of array', (t) => {
  t.deepEqual([...new ArrayChunk(['a', 'b', 'c']).take(Int32Array.of(2, 0, 2))], ['c', 'a', 'c']);
});

test('a part of a chunk carries its share of the bytes', (t) => {
  const chunk = new ArrayChunk(['a', 'b', 'c', 'd'], 100);
  t.is(chunk.bytes, 100);
  t.is(chunk.slice(1, 4).bytes, 75);
  t.is(chunk.take([0]).bytes, 25);
  t.is(chunk.slice(2, 2).bytes, 0);
  t.is(new ArrayChunk([]).slice(0, 0).bytes, 0);
});
