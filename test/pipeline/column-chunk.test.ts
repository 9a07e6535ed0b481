import { inspect } from 'node:util';
import test from 'ava';
import { ColumnChunk, ConstantColumn, Int32Column, isView, Utf8Column } from '../../pipeline/index.ts';
import { tableOf, words } from './probes.ts';

test('a row is the record that it stands for, however it is looked at', (t) => {
  const list = words(40);
  for (const [row, view] of [...tableOf(list)].entries()) {
    const word = list[row]!;
    t.is(view.id, word.id);
    t.is(view.text, word.text);
    t.deepEqual(view.letters, word.letters);
    t.is(view.lemma.kind, word.lemma.kind);
    t.deepEqual(view.lemma.codes && Array.from(view.lemma.codes), word.lemma.codes);
    t.deepEqual(JSON.parse(JSON.stringify(view)), word);
    t.deepEqual(JSON.parse(JSON.stringify({ word: [view] })), { word: [word] });
    t.deepEqual(JSON.parse(JSON.stringify(view.lemma)), word.lemma);
    const names = [];
    for (const name in view) names.push(name);
    t.deepEqual(names, ['id', 'text', 'letters', 'lemma', 'corpus']);
  }
});

test('a row is printed as the record that it stands for', (t) => {
  const [view] = tableOf(words(1));
  t.is(inspect(view, { depth: 9 }), inspect(words(1)[0], { depth: 9 }));
  t.is(inspect({ view: [view] }, { depth: 9 }), inspect({ view: words(1) }, { depth: 9 }));
});

test('a row is a view, and so are the records within it', (t) => {
  const view = tableOf(words(1)).get(0);
  t.true(isView(view));
  t.true(isView(view.lemma));
});

test('columns are added and replaced without changing the table', (t) => {
  const table = tableOf(words(2));
  const changed = table.with<{ id: number; corpus: string; extra: number }>({
    extra: new Int32Column(Int32Array.of(7, 8)),
    corpus: new ConstantColumn('another', 2),
  });
  t.deepEqual(
    [...changed].map(({ id, corpus, extra }) => [id, corpus, extra]),
    [
      [0, 'another', 7],
      [1, 'another', 8],
    ],
  );
  t.is(changed.columns.text, table.columns.text);
  t.is(table.get(0).corpus, 'made up');
  t.false('extra' in table.get(0));
});

test('records nest as deep as their names say', (t) => {
  const table = new ColumnChunk({
    'a.b.c': new Int32Column(Int32Array.of(1)),
    'a.b.d': new Int32Column(Int32Array.of(2)),
    'a.e': new Int32Column(Int32Array.of(3)),
    f: new Int32Column(Int32Array.of(4)),
  });
  t.deepEqual(JSON.parse(JSON.stringify(table.get(0))), { a: { b: { c: 1, d: 2 }, e: 3 }, f: 4 });
});

test('tables whose names run together alike are no tables alike', (t) => {
  const one = new ColumnChunk<object>({ a: Utf8Column.from(['1']), b: Utf8Column.from(['2']) });
  const other = new ColumnChunk<object>({ 'a|b': Utf8Column.from(['3']) });
  t.is(JSON.stringify(one.get(0)), '{"a":"1","b":"2"}');
  t.is(JSON.stringify(other.get(0)), '{"a|b":"3"}');
});

test('the bytes of a table are those of its columns', (t) => {
  const table = new ColumnChunk({ text: Utf8Column.from(['ab', 'é']), id: new Int32Column(Int32Array.of(1, 2)) });
  t.is(table.bytes, 4 + 8);
  t.is(table.slice(0, 1).bytes, 2 + 4);
});

test('a table of no rows', (t) => {
  const table = tableOf([]);
  t.is(table.length, 0);
  t.deepEqual([...table], []);
  t.is(table.slice(0, 0).length, 0);
});
