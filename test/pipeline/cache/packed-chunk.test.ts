import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { pack, unpack } from '../../../pipeline/cache/packed-chunk.ts';
import {
  ArrayChunk,
  type Column,
  ColumnChunk,
  Int32Column,
  MillraceError,
  toPlain,
  Utf8Column,
} from '../../../pipeline/index.ts';
import { law } from '../laws.ts';
import { tableOf, words } from '../probes.ts';

/** What a file does to a frame: parts move, JSON is written and read. */
function back(chunk: Parameters<typeof pack>[0]) {
  const { rows, meta, parts } = pack(chunk);
  const moved = parts.map((part) => new Uint8Array(part));
  return unpack({ rows, meta: JSON.parse(JSON.stringify(meta)), parts: moved });
}

law(
  'a table comes back as a table of the same kinds of columns, whatever was left of it',
  [fc.nat(40), fc.array(fc.nat(39), { maxLength: 50 }), fc.nat(10)],
  (count, rows, from) => {
    const table = tableOf(words(count + 1));
    const part = table.take(rows.map((row) => row % (count + 1))).slice(Math.min(from, rows.length), rows.length);
    const unpacked = back(part);
    assert.ok(unpacked instanceof ColumnChunk);
    assert.deepEqual(Array.from(unpacked, toPlain), Array.from(part, toPlain));
    const kinds = (chunk: ColumnChunk<unknown>) =>
      Object.entries(chunk.columns).map(([name, column]) => [name, column.constructor.name]);
    assert.deepEqual(kinds(unpacked), kinds(part));
    // And can be taken apart like any other.
    const half = unpacked.length >> 1;
    assert.deepEqual(Array.from(unpacked.slice(half, unpacked.length), toPlain), Array.from(part, toPlain).slice(half));
  },
);

test('only the text that rows refer to is packed', (t) => {
  const text = Buffer.alloc(1_000_000, 'x');
  const column = new Utf8Column(text, Int32Array.of(999_990, 10, 10), Int32Array.of(1_000_000, 15, 15));
  const { parts } = pack(new ColumnChunk({ text: column }));
  t.true(parts.reduce((sum, { byteLength }) => sum + byteLength, 0) < 100);
});

/** A column of a kind that nobody knows, which makes its values when they are asked for. */
class SquareColumn implements Column<{ readonly square: number } | undefined> {
  readonly length: number;
  readonly bytes = 0;
  readonly #rows: readonly number[];

  constructor(rows: readonly number[]) {
    this.#rows = rows;
    this.length = rows.length;
  }

  get(row: number) {
    const n = this.#rows[row] as number;
    return n % 4 === 3 ? undefined : { square: n * n };
  }

  slice(start: number, end: number) {
    return new SquareColumn(this.#rows.slice(start, end));
  }

  take(rows: ArrayLike<number>) {
    return new SquareColumn(Array.from(rows, (row) => this.#rows[row] as number));
  }
}

/** As {@link Int32Column}, but not. */
class NegativeColumn extends Int32Column {
  override get(row: number): number {
    return -super.get(row);
  }
}

test('columns of unknown kinds come back with their values', (t) => {
  const table = new ColumnChunk({
    'n.made': new SquareColumn([3, 4, 5, 6]),
    less: new NegativeColumn(Int32Array.of(1, 2, 3, 4)),
  });
  const unpacked = back(table);
  const expected = [
    { n: {}, less: -1 },
    { n: { made: { square: 16 } }, less: -2 },
    { n: { made: { square: 25 } }, less: -3 },
    { n: { made: { square: 36 } }, less: -4 },
  ];
  t.deepEqual(Array.from(unpacked, toPlain), expected);
  t.deepEqual(Array.from(unpacked.take([3, 1, 1]), toPlain), [expected[3], expected[1], expected[1]]);
  t.deepEqual(Array.from(unpacked.slice(1, 3).take([1]), toPlain), [expected[2]]);
});

test('values of any plain kind come back exactly', (t) => {
  const values = [
    1,
    -0,
    Number.NaN,
    Number.NEGATIVE_INFINITY,
    12n,
    'é😀\ud800',
    '',
    true,
    null,
    undefined,
    new Date(0),
    [1, [undefined, 'x']],
    { a: { b: [] }, gone: undefined },
    {
      ids: Int32Array.of(1, -2),
      weights: Float32Array.of(0.5),
      bytes: Buffer.from('abc'),
      view: new Uint8Array([1, 2, 3]).subarray(1),
    },
  ];
  const unpacked = back(new ArrayChunk(values, 77));
  t.is(unpacked.bytes, 77);
  assert.deepStrictEqual([...unpacked], values);
});

law('rows of tables among other values come back as the records that they stand for', [fc.nat(20)], (count) => {
  const rows = [...tableOf(words(count))];
  const unpacked = back(new ArrayChunk(rows.map((row, n) => ({ n, row, both: [row, n] }))));
  assert.deepEqual(
    Array.from(unpacked, toPlain),
    rows.map((row, n) => ({ n, row: toPlain(row), both: [toPlain(row), n] })),
  );
});

function within(): object {
  const itself: { self?: object } = {};
  itself.self = itself;
  return itself;
}

for (const [what, value] of Object.entries({
  'an instance of a class': new (class Special {})(),
  'a function': { f: () => 1 },
  'a symbol': [Symbol('s')],
  'a map': new Map(),
  'an error': [{ deep: new Error('x') }],
  'what is in itself': within(),
})) {
  test(`${what} is refused, since it would not come back as it is`, (t) => {
    const error = t.throws(() => pack(new ArrayChunk([value])), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_SHAPE');
    t.regex(error.message, /plain objects/);
  });
}
