import test from 'ava';
import {
  ArrayChunk,
  type Chunk,
  ColumnChunk,
  Int32Column,
  MillraceError,
  type RecordForm,
  type StageContext,
} from '../../pipeline/index.ts';
import { DROP, toSpec, untilAborted } from '../../pipeline/spec.ts';
import { rejection } from './probes.ts';

interface Numbered {
  readonly id: number;
}

const bad = new MillraceError('MILLRACE_BAD_RECORD', 'Two is bad');

/** Sends chunks through a stage of records; what it told its context comes back too. */
async function run<Out>(form: Omit<RecordForm<Numbered, Out>, 'name'>, chunks: Chunk<Numbered>[]) {
  const told: unknown[] = [];
  const context: StageContext = {
    signal: new AbortController().signal,
    reject: (error, raw) => void told.push(['reject', error, (raw as Numbered).id]),
    drop(reason) {
      told.push(['drop', reason]);
      return DROP;
    },
    tally: (name, amount) => void told.push(['tally', name, amount]),
    hold() {},
    resumed: undefined,
    upstream: () => () => [],
    onCheckpoint() {},
  };
  async function* source() {
    yield* chunks;
  }
  const out: Chunk<Out>[] = [];
  for await (const chunk of toSpec<Numbered, Out>({ name: 'test', ...form }).stream(source(), context)) out.push(chunk);
  return { out, told, records: out.flatMap((chunk) => [...chunk]) };
}

const table = (...ids: number[]) => new ColumnChunk<Numbered>({ id: new Int32Column(Int32Array.from(ids)) });
const array = (...ids: number[]) => new ArrayChunk<Numbered>(ids.map((id) => ({ id })));

test('the index counts the records that came, through tables, declined tables and bad records', async (t) => {
  const { records, told } = await run<string>(
    {
      record({ id }, context, index) {
        if (id === 2) throw bad;
        return id === 3 ? context.drop('three') : `${index}:${id}`;
      },
      columns: (chunk) => (chunk.get(0).id === 4 ? new ArrayChunk(['a table']) : undefined),
    },
    [array(0, 1), table(2, 3), table(4, 5), array(6)],
  );
  t.deepEqual(records, ['0:0', '1:1', 'a table', '6:6']);
  t.deepEqual(told, [
    ['reject', bad, 2],
    ['drop', 'three'],
  ]);
});

test('the table form sees tables only', async (t) => {
  const seen: unknown[] = [];
  await run<Numbered>(
    {
      record: (record) => record,
      columns(chunk) {
        seen.push(chunk);
        return chunk;
      },
    },
    [array(1), table(2), new ColumnChunk<Numbered>({ id: new Int32Column(new Int32Array(0)) })],
  );
  t.is(seen.length, 2);
  t.true(seen.every((chunk) => chunk instanceof ColumnChunk));
});

test('a chunk of which nothing is left is not sent on', async (t) => {
  const { out } = await run<Numbered>(
    { record: (record) => (record.id % 2 === 0 ? DROP : record), columns: (chunk) => chunk.slice(0, 0) },
    [array(2, 4), table(1, 3), array(), array(1)],
  );
  t.deepEqual(
    out.map(({ length }) => length),
    [1],
  );
});

test('a promise is awaited where there is one, and one that drops its record drops it', async (t) => {
  const { records } = await run<number>({ record: async ({ id }) => (id === 1 ? DROP : id) }, [array(0, 1, 2)]);
  t.deepEqual(records, [0, 2]);
});

test('a promise that is rejected as a bad record is a bad record', async (t) => {
  const { records, told } = await run<number>(
    {
      async record({ id }) {
        if (id === 2) throw bad;
        return id;
      },
    },
    [array(1, 2, 3)],
  );
  t.deepEqual(records, [1, 3]);
  t.deepEqual(told, [['reject', bad, 2]]);
});

test('the form of chunks is a stage as it is', (t) => {
  const form = {
    name: 'same',
    stream: (source: AsyncIterable<Chunk<Numbered>>) => source,
  };
  t.is(toSpec<Numbered, Numbered>(form), form);
});

test('untilAborted hands on what comes first', async (t) => {
  const controller = new AbortController();
  const reason = new Error('enough');
  t.is(await untilAborted(Promise.resolve(7), controller.signal), 7);
  t.is(await rejection(untilAborted(Promise.reject(bad), controller.signal)), bad);
  const never = untilAborted(new Promise(() => {}), controller.signal);
  controller.abort(reason);
  t.is(await rejection(never), reason);
  t.is(await rejection(untilAborted(Promise.resolve(7), controller.signal)), reason);
});
