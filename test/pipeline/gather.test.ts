import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { compactColumn, gatherRows } from '../../pipeline/gather.ts';
import {
  ArrayChunk,
  type Chunk,
  type Column,
  ColumnChunk,
  ConstantColumn,
  DictionaryColumn,
  Int32Column,
  toPlain,
  Utf8Column,
} from '../../pipeline/index.ts';
import { law } from './laws.ts';
import { tableOf, words } from './probes.ts';

/** Which row of which chunk, for each record. */
const places = fc.array(fc.tuple(fc.nat(3), fc.nat(12)), { minLength: 1, maxLength: 60 });

function gathered<T>(from: readonly Chunk<T>[], where: readonly (readonly [chunk: number, row: number])[]) {
  const chunks = where.map(([chunk]) => from[chunk % from.length] as Chunk<T>);
  const rows = where.map(([, row], i) => row % (chunks[i] as Chunk<T>).length);
  const wanted = chunks.map((chunk, i) => toPlain(chunk.get(rows[i] as number)));
  return { chunk: gatherRows(chunks, rows), wanted };
}

law(
  'rows of several tables are a table of the same kinds of columns, and the rows are what they were',
  [places],
  (where) => {
    const tables = [
      tableOf(words(13)),
      tableOf(words(40, 7)).slice(5, 30),
      tableOf(words(20, 100)).take([3, 1, 1, 19]),
    ];
    const { chunk, wanted } = gathered(tables, where);
    assert.ok(chunk instanceof ColumnChunk);
    assert.deepEqual(Array.from(chunk, toPlain), wanted);
    const kinds = (table: ColumnChunk<unknown>) =>
      Object.entries(table.columns).map(([name, column]) => [name, column.constructor.name]);
    assert.deepEqual(kinds(chunk), kinds(tables[0] as ColumnChunk<unknown>));
    // And can be taken apart, and gathered, like any other.
    const half = chunk.length >> 1;
    assert.deepEqual(Array.from(chunk.slice(half, chunk.length), toPlain), wanted.slice(half));
    const again = gathered([chunk, ...tables], where);
    assert.deepEqual(Array.from(again.chunk, toPlain), again.wanted);
  },
);

law('tables of other columns, and records that are in none, come one by one', [places], (where) => {
  const list = words(9);
  const others = [tableOf(list), new ArrayChunk(list), new ColumnChunk({ id: new Int32Column(Int32Array.of(1, 2)) })];
  const { chunk, wanted } = gathered<unknown>(others, where);
  assert.deepEqual(Array.from(chunk, toPlain), wanted);
});

/** A column of a kind that nobody knows. */
class SquareColumn implements Column<number> {
  readonly length = 13;
  readonly bytes = 0;
  get = (row: number) => row * row;
  slice = () => this;
  take = () => this;
}

law('columns of kinds that are not known, or not the same, are read where they are', [places], (where) => {
  const values = Int32Array.from({ length: 13 }, (_, i) => -i);
  const table = (n: Column) => new ColumnChunk<{ n: number }>({ n });
  const { chunk, wanted } = gathered([table(new SquareColumn()), table(new Int32Column(values))], where);
  assert.deepEqual(Array.from(chunk, toPlain), wanted);
  const backwards = Array.from({ length: where.length }, (_, i) => where.length - 1 - i);
  assert.deepEqual(Array.from(chunk.take(backwards), toPlain), [...wanted].reverse());
  assert.deepEqual(Array.from(chunk.slice(1, where.length), toPlain), wanted.slice(1));
});

test('values that repeat share a dictionary, until they are too many', (t) => {
  for (const count of [1, 2, 255, 256, 300]) {
    const constants = Array.from({ length: count }, (_, i) => new ConstantColumn(`file ${i}`, 2));
    const chunks = constants.map((file) => new ColumnChunk<{ file: string }>({ file }));
    const rows = chunks.map((_, i) => i % 2);
    const chunk = gatherRows(chunks, rows) as ColumnChunk<{ file: string }>;
    t.deepEqual(
      Array.from(chunk, ({ file }) => file),
      constants.map(({ value }) => value),
    );
    t.is(chunk.columns.file instanceof ConstantColumn, count === 1);
    t.is(chunk.columns.file instanceof DictionaryColumn, count > 1 && count <= 255);
  }
});

test('only the memory that the rows need is kept', (t) => {
  const text = Buffer.alloc(1_000_000, 'x');
  const column = new Utf8Column(text, Int32Array.of(999_990, 10, 10), Int32Array.of(1_000_000, 15, 15));
  const chunk = new ColumnChunk<{ text: string }>({ text: column });
  const kept = [
    compactColumn(column),
    (gatherRows([chunk, chunk, chunk], [0, 1, 2]) as typeof chunk).columns.text,
  ] as Utf8Column[];
  for (const { data } of kept) t.is(data.length, 15);
});
