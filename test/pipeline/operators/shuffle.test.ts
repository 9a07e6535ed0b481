import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { ColumnChunk, Pipeline } from '../../../pipeline/index.ts';
import { keepsTheLaws, law } from '../laws.ts';
import { chunksOf, Probe, tableOf, total, travels, words } from '../probes.ts';

const seeds = fc.integer({ min: 0, max: 0xffffffff });
const argument = fc.record({ buffer: fc.integer({ min: 1, max: 30 }), seed: seeds });

/** The order of the first `count` numbers after a shuffle. */
async function order(count: number, buffer: number, seed: number): Promise<number[]> {
  return Pipeline.from(Array.from({ length: count }, (_, index) => index))
    .shuffle(buffer, seed)
    .toArray();
}

// There is no oracle for one order: that it is the same however the records travel is checked against itself.
const orders = new Map<string, readonly number[]>();
for (let buffer = 1; buffer <= 4; buffer++) {
  for (let length = 0; length <= 50; length++) orders.set(`${length} ${buffer}`, await order(length, buffer, 5));
}

keepsTheLaws('shuffle', {
  argument: fc.integer({ min: 1, max: 4 }),
  apply: (pipeline, buffer) => pipeline.shuffle(buffer, 5),
  oracle: (list, buffer) => (orders.get(`${list.length} ${buffer}`) ?? []).map((index) => list[index]),
  needs: (count, buffer, list) => Math.min(list.length, count + buffer),
});

law('shuffle: the same records in another order', [travels, argument], async (travel, { buffer, seed }) => {
  const records = await new Probe(chunksOf(travel)).pipeline.shuffle(buffer, seed).toArray();
  assert.deepEqual(
    records.map(({ id }) => id).sort((a, b) => a - b),
    words(total(travel)).map(({ id }) => id),
  );
});

law('shuffle: the same seed gives the same order, each time', [travels, argument], async (travel, { buffer, seed }) => {
  const pipeline = new Probe(chunksOf(travel)).pipeline.shuffle(buffer, seed).map(({ id }) => id);
  assert.deepEqual(await pipeline.toArray(), await pipeline.toArray());
});

law('shuffle: another seed gives another order', [seeds, seeds], async (one, other) => {
  if (one !== other) assert.notDeepEqual(await order(60, 60, one), await order(60, 60, other));
});

law('shuffle: no record leaves before the buffer is full', [argument, fc.nat(80)], async ({ buffer, seed }, count) => {
  const shuffled = await order(count, buffer, seed);
  for (const [position, index] of shuffled.entries()) {
    assert.ok(position >= index - (buffer - 1), `record ${index} left at ${position} from a buffer of ${buffer}`);
  }
});

test('a buffer of one keeps the order', async (t) => {
  t.deepEqual(await order(300, 1, 9), await Pipeline.from(Array.from({ length: 300 }, (_, i) => i)).toArray());
});

test('the window is used to its edge: each draw takes any of the buffer', async (t) => {
  const [count, buffer] = [20_000, 10];
  const shuffled = await order(count, buffer, 1);
  // A record can leave with the draw after it came, at a place this far before its own, or with a later one.
  const soonest = -(buffer - 1);
  for (let later = 0; later < 5; later++) {
    const left = shuffled.filter((index, position) => position - index === soonest + later).length;
    const chance = (1 / buffer) * (1 - 1 / buffer) ** later;
    const deviation = Math.sqrt(count * chance * (1 - chance));
    t.true(Math.abs(left - count * chance) < 4 * deviation, `${left} left ${later} draws later`);
  }
});

test('with a buffer for all records every order is as likely as the others', async (t) => {
  const draws = 2400;
  const counts = new Map<string, number>();
  for (let seed = 0; seed < draws; seed++) {
    const key = (await order(4, 4, seed)).join('');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  t.is(counts.size, 24);
  const expected = draws / 24;
  const statistic = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // The 99.9th percentile of chi-square with 23 degrees of freedom.
  t.true(statistic < 49.73, `chi-square is ${statistic}`);
});

test('a buffer too small is refused at once', (t) => {
  for (const buffer of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => Pipeline.from([1]).shuffle(buffer, 1), { code: 'MILLRACE_USAGE' });
  }
});

test('of tables it makes tables', async (t) => {
  const source = new Probe([tableOf(words(40)), tableOf(words(30, 40))]);
  const lengths: number[] = [];
  for await (const chunk of source.pipeline.shuffle(20, 1).chunks()) {
    t.true(chunk instanceof ColumnChunk);
    lengths.push(chunk.length);
  }
  t.deepEqual(lengths, [20, 30, 20]);
});
