import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { ColumnChunk, Pipeline, toPlain, Utf8Column } from '../../../pipeline/index.ts';
import { allocate } from '../../../pipeline/parallel/buffers.ts';
import { packColumns, unpackColumns } from '../../../pipeline/parallel/packed-columns.ts';
import { lines } from '../../../stages/lines.ts';
import { parse } from '../../../stages/parse.ts';
import { snliText } from '../../stages/arbitraries.ts';
import { cut } from '../../stages/forms.ts';
import { law } from '../laws.ts';
import { tableOf, words } from '../probes.ts';

const rows = (chunk: ColumnChunk<unknown>) => Array.from(chunk, toPlain);

function packed(chunk: ColumnChunk<unknown>, borrowed?: Parameters<typeof packColumns>[2]) {
  const result = packColumns(chunk.columns, allocate, borrowed);
  assert.ok(result);
  return result;
}

/** As it arrives: nothing but plain values, and a buffer that is no longer here. */
function sent<T extends { buffer: ArrayBuffer }>(table: T): T {
  return structuredClone(table, { transfer: [table.buffer] });
}

const tables = fc
  .record({
    count: fc.integer({ min: 1, max: 40 }),
    from: fc.nat(30),
    slice: fc.tuple(fc.nat(40), fc.nat(40)),
    take: fc.option(fc.array(fc.nat(1000), { maxLength: 12 })),
  })
  .map(({ count, from, slice, take }) => {
    const part = tableOf(words(count, from)).slice(Math.min(...slice), Math.max(...slice));
    return take && part.length > 0 ? part.take(take.map((row) => row % part.length)) : part;
  });

law('a table of any columns, cut and reordered, arrives as it was', [tables], async (table) => {
  const wanted = rows(table);
  const { packed: message } = packed(table);
  assert.deepEqual(rows(await unpackColumns(sent(message))), wanted);
  assert.deepEqual(rows(table), wanted, 'packing changed the table');
});

law('what points into borrowed memory comes back without it', [tables, fc.boolean()], async (table, part) => {
  const { packed: there, pieces } = packed(table);
  const arrived = await unpackColumns(sent(there));
  const changed = part ? arrived.slice(0, arrived.length >> 1) : arrived;
  const borrowed = { buffer: (arrived.columns.text as Utf8Column).data.buffer as ArrayBuffer, lent: there.lent };
  const { packed: back } = packed(changed, borrowed);
  const returned = await unpackColumns(sent(back), pieces);
  assert.deepEqual(rows(returned), rows(table).slice(0, changed.length));
});

test('the bytes of a block go once, and do not come back', async (t) => {
  const file = `${Array.from({ length: 20 }, () => snliText()).join('\n')}\n`;
  const [table] = await chunksOf(Pipeline.from(cut(file)).pipe(lines));
  const { packed: there, pieces } = packed(table);
  t.true(there.buffer.byteLength < file.length + 20 * 16);
  const arrived = await unpackColumns(sent(there));
  const borrowed = { buffer: (arrived.columns.text as Utf8Column).data.buffer as ArrayBuffer, lent: there.lent };
  const parser = parse('snli');
  const [pairs] = await chunksOf(
    Pipeline.fromSource({
      name: 'arrived',
      async *open() {
        yield arrived as never;
      },
    }).stage(parser.spec),
  );
  const { packed: back } = packed(pairs, borrowed);
  t.true(back.buffer.byteLength < file.length / 4, `${back.buffer.byteLength} bytes for ${file.length}`);
  const [wanted] = await chunksOf(Pipeline.from(cut(file)).pipe(lines, parser));
  t.deepEqual(rows(await unpackColumns(sent(back), pieces)), rows(wanted));
});

test('a row of a large block goes without the block', (t) => {
  const data = Buffer.alloc(1 << 20, 'x');
  const column = new Utf8Column(data, Int32Array.of(0, -1, 1e6), Int32Array.of(3, -1, 1e6 + 4));
  t.true(packed(new ColumnChunk({ column })).packed.buffer.byteLength < 100);
});

test('rows with nothing but nulls and empty texts arrive', async (t) => {
  const data = Buffer.from('abc');
  const chunk = new ColumnChunk({
    nothing: new Utf8Column(data, Int32Array.of(-1, -1), Int32Array.of(-1, -1)),
    empty: new Utf8Column(data, Int32Array.of(2, 0), Int32Array.of(2, 0)),
  });
  t.deepEqual(rows(await unpackColumns(sent(packed(chunk).packed))), [{ empty: '' }, { empty: '' }]);
});

test('a column of an unknown kind is not packed', (t) => {
  class Odd extends Utf8Column {}
  const odd = new Odd(Buffer.from('a'), Int32Array.of(0), Int32Array.of(1));
  t.is(packColumns({ odd }, allocate), undefined);
});

async function chunksOf(pipeline: Pipeline<unknown>): Promise<[ColumnChunk<unknown>]> {
  const chunks: ColumnChunk<unknown>[] = [];
  for await (const chunk of pipeline.chunks()) chunks.push(chunk as ColumnChunk<unknown>);
  assert.equal(chunks.length, 1);
  return chunks as [ColumnChunk<unknown>];
}
