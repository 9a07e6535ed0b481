import test from 'ava';
import fc from 'fast-check';
import { Pipeline } from '../../../pipeline/index.ts';
import { keepsTheLaws, law } from '../laws.ts';
import { chunksOf, Probe, total, travels, words } from '../probes.ts';

keepsTheLaws('shard', {
  argument: fc.integer({ min: 1, max: 5 }).chain((of) => fc.record({ index: fc.nat(of - 1), of: fc.constant(of) })),
  apply: (pipeline, { index, of }) => pipeline.shard(index, of),
  oracle: (list, { index, of }) => list.filter((_word, position) => position % of === index),
});

law(
  'shard: the parts are disjoint and together are all records',
  [travels, fc.integer({ min: 1, max: 6 })],
  async (travel, of) => {
    const ids = new Set<number>();
    let count = 0;
    for (let index = 0; index < of; index++) {
      for (const { id } of await new Probe(chunksOf(travel)).pipeline.shard(index, of).toArray()) {
        ids.add(id);
        count++;
      }
    }
    if (count !== total(travel) || words(count).some(({ id }) => !ids.has(id))) throw new Error('not a partition');
  },
);

test('a shard that cannot be is refused at once', (t) => {
  for (const [index, of] of [
    [2, 2],
    [-1, 2],
    [0, 0],
    [0.5, 2],
    [Number.NaN, 2],
    [0, Number.POSITIVE_INFINITY],
  ] as const) {
    const error = t.throws(() => Pipeline.from([1]).shard(index, of), { code: 'MILLRACE_USAGE' });
    t.true(error?.message.includes(`shard(${index}, ${of})`));
  }
});
