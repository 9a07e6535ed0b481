import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { decodeUtf8 } from '../../pipeline/columns.ts';
import {
  type Column,
  ConstantColumn,
  DictionaryColumn,
  Int32Column,
  Int32ListColumn,
  Utf8Column,
  Utf8ListColumn,
} from '../../pipeline/index.ts';
import { law } from './laws.ts';
import { listColumn } from './probes.ts';

/** Well-formed text, with characters of one to four bytes and byte order marks. */
const texts = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), fc.constantFrom('\ufeff', '😀', 'é')),
});
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const orNull = <V>(values: fc.Arbitrary<V>) => fc.option(values, { nil: undefined });

/** A column reads, slices and takes like the array of its values, and knows its bytes. */
function columnLaw<V>(
  name: string,
  values: fc.Arbitrary<V[]>,
  make: (values: V[]) => Column<unknown>,
  bytesOf: (value: V) => number,
): void {
  const parts = fc.array(fc.record({ rows: fc.array(fc.nat(20)), start: fc.nat(20), end: fc.nat(20) }), {
    maxLength: 3,
  });
  law(`${name}: reads, slices and takes like an array`, [values, parts], (list, all) => {
    let column = make(list);
    let expected = list;
    const check = () => {
      assert.equal(column.length, expected.length);
      assert.deepEqual(
        expected.map((_, row) => plain(column.get(row))),
        expected,
      );
      assert.equal(
        column.bytes,
        expected.reduce((sum, value) => sum + bytesOf(value), 0),
      );
    };
    check();
    for (const { rows, start, end } of all) {
      const known = rows.filter((row) => row < expected.length);
      [column, expected] = [column.take(known), known.map((row) => expected[row] as V)];
      check();
      const [from, to] = [Math.min(start, end), Math.max(start, end)];
      [column, expected] = [column.slice(from, to), expected.slice(from, to)];
      check();
    }
  });
}

const plain = (value: unknown) => (value instanceof Int32Array ? Array.from(value) : value);

columnLaw(
  'Utf8Column',
  fc.array(orNull(texts)),
  (values) => Utf8Column.from(values),
  (text) => Buffer.byteLength(text ?? ''),
);
columnLaw(
  'Int32ListColumn',
  fc.array(orNull(fc.array(int32))),
  (lists) => listColumn(lists, (items, starts, ends) => new Int32ListColumn(Int32Array.from(items), starts, ends)),
  (list) => 4 * (list?.length ?? 0),
);
columnLaw(
  'Utf8ListColumn',
  fc.array(orNull(fc.array(texts))),
  (lists) => listColumn(lists, (items, starts, ends) => new Utf8ListColumn(Utf8Column.from(items), starts, ends)),
  () => 8,
);
columnLaw(
  'Utf8ListColumn, made when it is read',
  fc.array(orNull(fc.array(texts))),
  (lists) =>
    listColumn(lists, (items, starts, ends) =>
      Utf8ListColumn.later(lists.length, () => ({ items: Utf8Column.from(items), starts, ends })),
    ),
  () => 8,
);
columnLaw(
  'Int32Column',
  fc.array(int32),
  (values) => new Int32Column(Int32Array.from(values)),
  () => 4,
);
columnLaw(
  'DictionaryColumn',
  fc.array(fc.constantFrom('a', 'b', undefined)),
  (values) =>
    new DictionaryColumn(
      Uint8Array.from(values, (value) => (value ? 'ab'.indexOf(value) : 255)),
      ['a', 'b'],
    ),
  () => 1,
);
columnLaw(
  'ConstantColumn',
  fc.nat(20).map((length) => new Array<string>(length).fill('same')),
  (values) => new ConstantColumn('same', values.length),
  () => 0,
);

const reference = new TextDecoder('utf-8', { ignoreBOM: true });

law(
  'any bytes are decoded as the Encoding Standard says, whatever holds them and wherever they are',
  [
    fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 6 }),
        texts.map((text) => Buffer.from(text)),
        fc.constantFrom(...['\ufeff', '😀'].map((text) => Buffer.from(text))),
        // Beginnings of characters, bytes too long for their number, halves of surrogate pairs, beyond Unicode.
        fc.constantFrom(
          ...[
            [0xf0, 0x9f],
            [0xc0, 0x80],
            [0xed, 0xa0, 0x80],
            [0xf5, 0x80, 0x80, 0x80],
          ].map(Buffer.from),
        ),
      ),
    ),
    fc.nat(8),
  ],
  (parts, before) => {
    const bytes = Buffer.concat([Buffer.alloc(before, 0xff), ...parts, Buffer.from([0xbf])]);
    const expected = reference.decode(bytes.subarray(before, -1));
    for (const holder of [bytes, new Uint8Array(bytes)]) {
      assert.equal(decodeUtf8(holder, before, bytes.length - 1), expected);
    }
  },
);

test('every byte by itself is decoded as the Encoding Standard says', (t) => {
  for (let byte = 0; byte < 256; byte++)
    t.is(decodeUtf8(Uint8Array.of(byte), 0, 1), reference.decode(Uint8Array.of(byte)));
});

test('long and short texts are decoded alike', (t) => {
  for (const text of ['a', 'é', '\ufeffa', '😀', '']) {
    for (let length = 0; length < 40; length++) {
      const column = Utf8Column.from([`${'x'.repeat(length)}${text}`]);
      t.is(column.get(0), `${'x'.repeat(length)}${text}`);
    }
  }
});

test('an empty text is no null, and a null is no empty text', (t) => {
  const column = Utf8Column.from(['', undefined]);
  t.is(column.get(0), '');
  t.is(column.get(1), undefined);
});

test('slices and choices share the memory of their column', (t) => {
  const column = Utf8Column.from(['a', 'b', 'c']);
  t.is((column.slice(1, 3) as Utf8Column).data, column.data);
  t.is((column.take([2, 0]) as Utf8Column).data, column.data);
  const ids = new Int32ListColumn(Int32Array.of(1, 2, 3), Int32Array.of(0), Int32Array.of(3));
  t.is(ids.get(0)?.buffer, ids.values.buffer);
});

test('texts keep to themselves: halves of a surrogate pair do not meet', (t) => {
  const texts = ['a\ud83d', '\ude00', 'é', undefined, '\ud83d\ude00'];
  const column = Utf8Column.from(texts);
  t.deepEqual(
    texts.map((_, row) => column.get(row)),
    ['a\ufffd', '\ufffd', 'é', undefined, '\ud83d\ude00'],
  );
});

test('a column that is made when it is read is made once', (t) => {
  let made = 0;
  const column = Utf8ListColumn.later(1, () => {
    made++;
    return { items: Utf8Column.from(['a', 'b']), starts: Int32Array.of(0), ends: Int32Array.of(2) };
  });
  t.is(column.length, 1);
  t.is(column.bytes, 8);
  t.is(made, 0);
  t.deepEqual(column.get(0), ['a', 'b']);
  t.deepEqual(column.slice(0, 1).get(0), ['a', 'b']);
  t.is(made, 1);
});
