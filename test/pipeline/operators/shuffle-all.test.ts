import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import test from 'ava';
import fc from 'fast-check';
import { ColumnChunk, Int32Column, Pipeline, toPlain, Utf8Column } from '../../../pipeline/index.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

test('a permutation; the same seed gives the same order, however the records travel, another seed another', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.nat(300), fc.nat(), fc.integer({ min: 1, max: 50 }), async (count, seed, length) => {
      const order = await Pipeline.from(numbers(count)).shuffleAll(seed).toArray();
      t.deepEqual(
        [...order].sort((a, b) => a - b),
        numbers(count),
      );
      t.deepEqual(await Pipeline.from(numbers(count)).rechunk(length).shuffleAll(seed).toArray(), order);
      if (count > 20)
        t.notDeepEqual(
          await Pipeline.from(numbers(count))
            .shuffleAll(seed + 1)
            .toArray(),
          order,
        );
    }),
    { numRuns: 10 },
  );
});

test('every place is as likely for a record as any other', async (t) => {
  const [records, groups, seeds] = [10, 30, 30];
  const seen = Array.from({ length: records }, () => new Array<number>(records).fill(0));
  for (let seed = 0; seed < seeds; seed++) {
    const order = await Pipeline.from(numbers(records * groups))
      .shuffleAll(seed)
      .toArray();
    // The order of each ten numbers among all is a shuffle of ten.
    for (let first = 0; first < order.length; first += records) {
      const places = order.filter((n) => n >= first && n < first + records);
      for (const [place, n] of places.entries()) {
        const row = seen[n - first] as number[];
        row[place] = (row[place] as number) + 1;
      }
    }
  }
  const expected = (groups * seeds) / records;
  const chiSquare = seen.flat().reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 81 degrees of freedom: the mean is 81, five deviations above it 145.
  t.true(chiSquare < 145, `${chiSquare}`);
});

// By itself, so that no other test's files are there.
test.serial('tables come back as they were, and no file is left, whoever stops and when', async (t) => {
  const texts = numbers(40).map((n) => `word ${n} é`);
  const table = new ColumnChunk<{ n: number; text: string }>({
    n: new Int32Column(Int32Array.from(numbers(40))),
    text: Utf8Column.from(texts),
  });
  const pipeline = Pipeline.fromSource<{ n: number; text: string }>({
    name: 'table',
    async *open() {
      yield table;
    },
  }).shuffleAll(3);
  const rows = (await pipeline.toArray()).map(toPlain) as { n: number; text: string }[];
  t.deepEqual(
    rows.sort((a, b) => a.n - b.n),
    texts.map((text, n) => ({ n, text })),
  );
  for await (const _ of pipeline) break;
  await t.throwsAsync(pipeline.map(() => Promise.reject(new Error('no'))).toArray(), { message: 'no' });
  t.deepEqual(await Pipeline.from([]).shuffleAll(1).toArray(), []);
  t.false((await readdir(tmpdir())).some((name) => name.startsWith(`millrace-shuffle-${process.pid}-`)));
});

test('stopped and resumed, the rest is the same', async (t) => {
  const make = () => Pipeline.from(numbers(50)).shuffleAll(9);
  const whole = await make().toArray();
  const pipeline = make();
  let count = 0;
  for await (const _ of pipeline) if (++count === 20) break;
  t.deepEqual(await make().resume(pipeline.state()).toArray(), whole.slice(20));
});
