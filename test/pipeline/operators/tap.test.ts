import test from 'ava';
import fc from 'fast-check';
import { Pipeline } from '../../../pipeline/index.ts';
import { keepsTheLaws, keepsTheLawsOfFunctions } from '../laws.ts';

keepsTheLaws('tap', {
  argument: fc.boolean(),
  apply: (pipeline, asynchronous) => pipeline.tap(asynchronous ? async () => {} : () => {}),
  oracle: (list) => list,
});

keepsTheLawsOfFunctions('tap', (pipeline, look) => pipeline.tap(look));

test('each record is seen once, in order, with its index, and waited for', async (t) => {
  const seen: [string, number][] = [];
  const values = ['a', 'b', 'c'];
  const pipeline = Pipeline.from(values).tap(async (value, index) => {
    await null;
    seen.push([value, index]);
  });
  t.deepEqual(await pipeline.toArray(), values);
  t.deepEqual(seen, [
    ['a', 0],
    ['b', 1],
    ['c', 2],
  ]);
});
