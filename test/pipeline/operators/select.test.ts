import test from 'ava';
import { type Chunk, ColumnChunk, Int32Column, Pipeline, toPlain, Utf8Column } from '../../../pipeline/index.ts';

interface Item {
  readonly id: number;
  readonly premise: { readonly text: string; readonly size: number };
}

const table = new ColumnChunk<Item>({
  id: new Int32Column(Int32Array.of(1, 2, 3)),
  'premise.text': Utf8Column.from(['a', 'b', 'é']),
  'premise.size': new Int32Column(Int32Array.of(7, 8, 9)),
});

const ofChunk = <T>(chunk: Chunk<T>) =>
  Pipeline.fromSource<T>({
    name: 'chunk',
    async *open() {
      yield chunk;
    },
  });

const plain = [...table].map((row) => toPlain(row) as Item);

const cases: [fields: string[], expected: (row: Item) => object][] = [
  [['id'], (row: Item) => ({ id: row.id })],
  [['premise.size', 'id'], (row: Item) => ({ id: row.id, premise: { size: row.premise.size } })],
  [['premise'], (row: Item) => ({ premise: row.premise })],
  [['premise', 'premise.text'], (row: Item) => ({ premise: row.premise })],
  [['id', 'missing', 'premise.none'], (row: Item) => ({ id: row.id })],
];

for (const [fields, expected] of cases) {
  test(`${fields.join(' and ')}: the same from tables as from values`, async (t) => {
    const columns = await ofChunk(table).select<Partial<Item>>(fields).toArray();
    const values = await Pipeline.from(plain).select<Partial<Item>>(fields).toArray();
    t.deepEqual(columns.map(toPlain), plain.map(expected));
    t.deepEqual(values, plain.map(expected));
  });
}

test('a table stays a table, on the same memory', async (t) => {
  for await (const chunk of ofChunk(table).select(['premise.text']).chunks()) {
    t.true(chunk instanceof ColumnChunk);
    t.is((chunk as ColumnChunk<Item>).columns['premise.text'], table.columns['premise.text']);
  }
});

test('no field at all is refused', (t) => {
  t.throws(() => Pipeline.from(plain).select([]), { code: 'MILLRACE_USAGE' });
});
