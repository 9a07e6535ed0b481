import test from 'ava';
import fc from 'fast-check';
import { ColumnChunk, Pipeline } from '../../../pipeline/index.ts';
import { keepsTheLaws, keepsTheLawsOfFunctions } from '../laws.ts';
import { tableOf, words } from '../probes.ts';

const argument = fc.record({ of: fc.integer({ min: 1, max: 4 }), asynchronous: fc.boolean() });

keepsTheLaws('filter', {
  argument,
  apply: (pipeline, { of, asynchronous }) =>
    pipeline.filter(asynchronous ? async ({ id }) => id % of === 0 : ({ id }) => id % of === 0),
  oracle: (list, { of }) => list.filter(({ id }) => id % of === 0),
});

keepsTheLaws('filter by index', {
  argument,
  apply: (pipeline, { of }) => pipeline.filter((_word, index) => index % of === 0),
  oracle: (list, { of }) => list.filter((_word, index) => index % of === 0),
});

keepsTheLawsOfFunctions('filter', (pipeline, look) =>
  pipeline.filter((word) => {
    const seen = look(word);
    return seen ? seen.then(() => true) : true;
  }),
);

test('what is left of a table is a table, and of a chunk that is kept whole that chunk', async (t) => {
  const table = tableOf(words(6));
  const pipeline = Pipeline.fromSource({
    name: 'table',
    async *open() {
      yield table;
    },
  });
  for await (const chunk of pipeline.filter(({ id }) => id > 2).chunks()) {
    t.true(chunk instanceof ColumnChunk);
    t.is(chunk.length, 3);
  }
  for await (const chunk of pipeline.filter(() => true).chunks()) t.is(chunk, table);
});

test('what is left out is counted', async (t) => {
  const pipeline = Pipeline.from([1, 2, 3, 4, 5]).filter((value) => value % 2 === 0);
  await pipeline.toArray();
  t.deepEqual(pipeline.report().stages[1]?.dropped, { filtered: 3 });
});
