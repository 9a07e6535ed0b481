import test from 'ava';
import fc from 'fast-check';
import { ColumnChunk } from '../../../pipeline/index.ts';
import { keepsTheLaws } from '../laws.ts';
import { chunksOf, Probe } from '../probes.ts';

keepsTheLaws('skip', {
  argument: fc.nat(20),
  apply: (pipeline, count) => pipeline.skip(count),
  oracle: (list, count) => list.slice(count),
});

test('tables stay tables', async (t) => {
  const { pipeline } = new Probe(chunksOf({ sizes: [3, 3], as: 'tables' }));
  const lengths = [];
  for await (const chunk of pipeline.skip(2).chunks()) {
    t.true(chunk instanceof ColumnChunk);
    lengths.push(chunk.length);
  }
  t.deepEqual(lengths, [1, 3]);
});
