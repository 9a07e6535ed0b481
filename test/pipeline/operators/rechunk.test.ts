import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { ArrayChunk, ColumnChunk, Pipeline } from '../../../pipeline/index.ts';
import { keepsTheLaws, law } from '../laws.ts';
import { chunksOf, Probe, total, travels } from '../probes.ts';

const argument = fc.integer({ min: 1, max: 8 });

keepsTheLaws('rechunk', {
  argument,
  apply: (pipeline, length) => pipeline.rechunk(length),
  oracle: (list) => list,
  needs: (count, length, list) => Math.min(list.length, Math.ceil(count / length) * length),
});

law('rechunk: every chunk but the last has the length', [travels, argument], async (travel, length) => {
  const lengths: number[] = [];
  for await (const chunk of new Probe(chunksOf(travel)).pipeline.rechunk(length).chunks()) lengths.push(chunk.length);
  const rest = total(travel) % length;
  const whole = new Array<number>((total(travel) - rest) / length).fill(length);
  assert.deepEqual(lengths, rest > 0 ? [...whole, rest] : whole);
});

test('a table that is only cut stays a table', async (t) => {
  const { pipeline } = new Probe(chunksOf({ sizes: [6], as: 'tables' }));
  for await (const chunk of pipeline.rechunk(2).chunks()) t.true(chunk instanceof ColumnChunk);
});

test('chunks of more records than a function takes arguments', async (t) => {
  const many = new ArrayChunk(Array.from({ length: 200_000 }, (_, index) => index));
  const pipeline = Pipeline.fromSource({
    name: 'many',
    async *open() {
      yield many;
      yield many;
    },
  });
  t.is((await pipeline.rechunk(300_000).toArray()).length, 400_000);
});

test('a length that no chunk has is refused at once', (t) => {
  for (const length of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => Pipeline.from([1]).rechunk(length), { code: 'MILLRACE_USAGE' });
  }
});
