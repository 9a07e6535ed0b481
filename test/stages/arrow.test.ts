import { tableFromIPC } from 'apache-arrow';
import test from 'ava';
import fc from 'fast-check';
import { MillraceError } from '../../pipeline/index.ts';
import { arrowFile } from '../../stages/arrow.ts';
import { runs } from './arbitraries.ts';

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** Writes the file and reads it with Arrow's own reader; lists and nested records as plain values. */
async function roundTrip(chunks: readonly (readonly unknown[])[]): Promise<unknown[]> {
  const parts: Uint8Array[] = [];
  for await (const part of arrowFile(each(chunks))) parts.push(part);
  const table = tableFromIPC(Buffer.concat(parts));
  return table.toArray().map((row) => JSON.parse(JSON.stringify(row)));
}

const text = fc.string({ unit: 'grapheme', maxLength: 6 });
const sentence = fc.record({
  text,
  tokens: fc.array(text, { maxLength: 4 }),
  ids: fc.array(fc.integer(), { maxLength: 4 }),
});
const pair = fc.record({
  id: text,
  label: fc.option(text),
  premise: sentence,
  score: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0.5),
  right: fc.boolean(),
});

test("Arrow's reader gives the records back, chunk by chunk", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(pair, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
      async (all) => {
        // A first chunk in which each kind of value is seen.
        const first = { id: 'a', label: 'b', premise: { text: 'c', tokens: ['d'], ids: [1] }, score: 0.5, right: true };
        const chunks = [[first], ...all];
        const expected = JSON.parse(JSON.stringify(chunks.flat()));
        t.deepEqual(await roundTrip(chunks), expected);
      },
    ),
    runs(60),
  );
});

test('a field that a record lacks is a null; no records are a file without rows', async (t) => {
  t.deepEqual(await roundTrip([[{ a: 1, b: { c: 'x' } }], [{ a: 2 }, { b: {} }]]), [
    { a: 1, b: { c: 'x' } },
    { a: 2, b: null },
    { a: null, b: { c: null } },
  ]);
  t.deepEqual(await roundTrip([]), []);
  t.deepEqual(await roundTrip([[]]), []);
});

test('whole numbers are int32 where the first all are, and others float64', async (t) => {
  const parts: Uint8Array[] = [];
  for await (const part of arrowFile(each([[{ count: 1, share: 0.5 }]]))) parts.push(part);
  const { schema } = tableFromIPC(Buffer.concat(parts));
  t.deepEqual(
    schema.fields.map(({ name, type }) => `${name}: ${type}`),
    ['count: Int32', 'share: Float64'],
  );
});

test('what does not fit is told, with its field and value', async (t) => {
  const wrong: [unknown[][], string][] = [
    [[['a']], 'record'],
    [[[{ a: 1 }], [{ a: 'x' }]], 'a'],
    [[[{ a: 1 }], [{ a: 1.5 }]], 'a'],
    [[[{ a: 1 }], [{ b: 1 }]], 'b'],
    [[[{ a: ['x'] }], [{ a: [1] }]], 'a'],
    [[[{ a: 1 }, { a: 'x' }]], 'a'],
    [[[{ a: null }], [{ a: 1 }]], 'a'],
  ];
  for (const [chunks, field] of wrong) {
    const error = await t.throwsAsync(roundTrip(chunks), { instanceOf: MillraceError }, JSON.stringify(chunks));
    t.is(error?.code, 'MILLRACE_SHAPE');
    t.true(error?.message.includes(`"${field}"`), error?.message);
  }
});
