import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { type Column, ColumnChunk, extend, Int32Column, isView, toPlain } from '../../pipeline/index.ts';
import { law } from './laws.ts';
import { tableOf, type Word, words } from './probes.ts';

const deep = { depth: 9 };
const names = ['id', 'text', 'lemma', 'new', 'newer', 'a|b', 'a'];
/** Words without an absent field. */
const complete = new Set([0, 1, 3]);
const additions = fc.array(fc.dictionary(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 1 })), { maxLength: 5 });

law('extended and extended again, a view stays equal to its plain twin', [fc.nat(9), additions], (index, all) => {
  let view: object = tableOf(words(10)).get(index);
  let plain: object = words(10)[index]!;
  for (const fields of all) {
    view = extend(view, fields);
    plain = extend(plain, fields);
    assert.ok(isView(view));
    assert.ok(!isView(plain));
    assert.deepEqual(toPlain(view), toPlain(plain));
    assert.deepEqual(JSON.parse(JSON.stringify(view)), JSON.parse(JSON.stringify(plain)));
    for (const name of names) {
      const field = (record: object) => toPlain((record as Record<string, unknown>)[name]);
      assert.deepEqual(field(view), field(plain));
    }
  }
  // The order of fields is the same too; a field that was absent has none.
  if (complete.has(index)) {
    assert.equal(inspect(view, deep), inspect(plain, deep));
    assert.equal(JSON.stringify(view), JSON.stringify(plain));
  }
});

law('extending changes nothing but the copy', [fc.nat(9), additions], (index, all) => {
  const view = tableOf(words(10)).get(index);
  for (const fields of all) extend(view, fields);
  assert.deepEqual(toPlain(view), words(10)[index]);
});

test('a view is not read when it is extended, only when a field is asked for', (t) => {
  let reads = 0;
  const column: Column<string> = {
    length: 1,
    bytes: 0,
    get() {
      reads++;
      return 'read';
    },
    slice: () => column,
    take: () => column,
  };
  const view = new ColumnChunk<{ lazy: string; id: number }>({
    lazy: column,
    id: new Int32Column(Int32Array.of(1)),
  }).get(0);
  const extended = extend(extend(view, { more: 1 }), { id: 2 });
  t.is(extended.id, 2);
  t.is(extended.more, 1);
  t.is(reads, 0);
  t.is(extended.lazy, 'read');
  t.is(reads, 1);
});

test('the added fields may themselves be a view, of a view or of a plain record', (t) => {
  const [zero, one] = [...tableOf(words(2))] as [Word, Word];
  const expected = { ...words(1)[0], ...words(2)[1] };
  t.deepEqual(toPlain(extend(zero, one)), expected);
  t.deepEqual(toPlain(extend(words(1)[0]!, one)), expected);
  t.deepEqual(toPlain(extend({ own: 1 }, one)), { own: 1, ...words(2)[1] });
});

test('views and lists of views within plain records are plain when they are printed', (t) => {
  const pair = { premise: tableOf(words(1)).get(0), all: [...tableOf(words(2))] };
  const plain = { premise: words(1)[0], all: words(2) };
  t.deepEqual(toPlain(pair), plain);
  t.is(JSON.stringify(pair), JSON.stringify(plain));
  t.is(inspect(pair, deep), inspect(plain, deep));
});

test('plain values stay, typed arrays become arrays, absent fields go, and whoever has a toJSON is asked', (t) => {
  const bytes = Uint8Array.of(9, 1, 2, 9);
  t.deepEqual(
    toPlain({
      nothing: undefined,
      null: null,
      list: [1, 'a', [true]],
      floats: Float32Array.of(0.5),
      buffer: Buffer.from('a'),
      part: bytes.subarray(1, 3),
      data: new DataView(bytes.buffer, 1, 2),
      date: new Date(0),
      nested: { toJSON: () => ({ ids: Int32Array.of(1) }) },
    }),
    {
      null: null,
      list: [1, 'a', [true]],
      floats: [0.5],
      buffer: [97],
      part: [1, 2],
      data: [1, 2],
      date: '1970-01-01T00:00:00.000Z',
      nested: { ids: [1] },
    },
  );
  for (const value of ['a', 1, true, null, undefined]) t.is(toPlain(value), value);
});

test('only views are views', (t) => {
  for (const value of [{}, [], null, undefined, 'a', 1, Object.create(null), words(1)[0]]) t.false(isView(value));
});
