import { Readable } from 'node:stream';
import { pipeline as flow } from 'node:stream/promises';
import test from 'ava';
import fc from 'fast-check';
import { from, toArray } from 'ix/asynciterable';
import { map as ixMap } from 'ix/asynciterable/operators';
import {
  ArrayChunk,
  ColumnChunk,
  defineStage,
  extend,
  Int32Column,
  MillraceError,
  Pipeline,
  Utf8Column,
} from '../../pipeline/index.ts';
import { keepsTheLaws, keepsTheLawsOfFunctions } from './laws.ts';
import { oneByOne, Probe, quiet, rejection, type Word, words } from './probes.ts';

const sized = (word: Word, index: number) =>
  word.text === undefined ? [] : [{ ...word, size: Buffer.byteLength(word.text), index }];

keepsTheLaws('a stage of records', {
  argument: fc.boolean(),
  apply: (pipeline, asynchronous) =>
    pipeline.pipe(
      defineStage<Word, Word & { size: number; index: number }>({
        name: 'size',
        record(word, context, index) {
          if (word.text === undefined) return context.drop('no text');
          const result = extend(word, { size: Buffer.byteLength(word.text), index });
          return asynchronous ? Promise.resolve(result) : result;
        },
      }),
    ),
  oracle: (list) => list.flatMap(sized),
});

keepsTheLaws('a stage of records and tables', {
  argument: fc.constant(undefined),
  apply(pipeline) {
    let seen = 0;
    return pipeline.pipe(
      defineStage<Word, Word & { size: number }>({
        name: 'size',
        record(word) {
          if (word.text === undefined) return extend(word, { size: 0 });
          return extend(word, { size: Buffer.byteLength(word.text) });
        },
        columns(chunk) {
          // Every other table is declined.
          if (seen++ % 2 === 1) return undefined;
          const { starts, ends } = chunk.columns.text as Utf8Column;
          return chunk.with({ size: new Int32Column(ends.map((end, row) => end - (starts[row] as number))) });
        },
      }),
    );
  },
  oracle: (list) => list.map((word) => ({ ...word, size: Buffer.byteLength(word.text ?? '') })),
});

const pairs = defineStage<Word, [Word, Word]>({
  name: 'pairs',
  async *stream(source) {
    let first: Word | undefined;
    for await (const chunk of source) {
      const out: [Word, Word][] = [];
      for (const word of chunk) {
        if (first) out.push([first, word]);
        first = first ? undefined : word;
      }
      yield new ArrayChunk(out);
    }
  },
});

keepsTheLaws('a stage of chunks', {
  argument: fc.constant(undefined),
  apply: (pipeline) => pipeline.pipe(pairs),
  oracle: (list) => list.flatMap((word, index) => (index % 2 === 1 ? [[list[index - 1], word]] : [])),
});

keepsTheLawsOfFunctions('a stage of records', (pipeline, look) =>
  pipeline.pipe(
    defineStage<Word, Word>({
      name: 'look',
      record(word) {
        const seen = look(word);
        return seen ? seen.then(() => word) : word;
      },
    }),
  ),
);

const shout = defineStage<string, string>({ name: 'shout', record: (text) => `${text.toUpperCase()}!` });
const heard = ['A!', 'ROSE!'];

test('a stage takes any async iterable', async (t) => {
  async function* source() {
    yield* ['a', 'rose'];
  }
  t.deepEqual(await shout(source()).toArray(), heard);
});

test('a stage says what it is made of', (t) => {
  const spec = defineStage<string, string>({ name: 'same', options: { by: 2 }, record: (text) => text }).spec;
  t.is(spec.name, 'same');
  t.deepEqual(spec.options, { by: 2 });
});

test('stages are operators of IxJS, and its operators stand between stages', async (t) => {
  t.deepEqual(await toArray(from(['a', 'rose']).pipe(shout)), heard);
  const whisper = ixMap((text: string) => text.toLowerCase());
  t.deepEqual(await Pipeline.from(['a', 'rose']).pipe(shout, whisper, shout).toArray(), ['A!!', 'ROSE!!']);
});

test('an abort reaches the source through operators of IxJS', async (t) => {
  const probe = new Probe(oneByOne(words(3)), { hangAt: 1 });
  const controller = new AbortController();
  const pipeline = probe.pipeline.pipe(
    ixMap((word: Word) => word),
    pairs,
  );
  const outcome = pipeline.toArray(controller.signal);
  await quiet();
  t.true(probe.hanging);
  const reason = new Error('it takes too long');
  controller.abort(reason);
  t.is(await rejection(outcome), reason);
  await quiet();
  probe.assertClosed();
});

test('stages are transforms for Node streams', async (t) => {
  t.deepEqual(await Pipeline.from(Readable.from(['a', 'rose']).compose(shout)).toArray(), heard);
  const written: string[] = [];
  await flow(Readable.from(['a', 'rose']), shout, async (source: AsyncIterable<string>) => {
    for await (const text of source) written.push(text);
  });
  t.deepEqual(written, heard);
});

test('an error of a stage ends the Node stream that it is part of', async (t) => {
  const fail = defineStage<string, string>({
    name: 'fail',
    record() {
      throw new MillraceError('MILLRACE_SHAPE', 'These are no numbers');
    },
  });
  await t.throwsAsync(Pipeline.from(Readable.from(['a', 'rose']).compose(fail)).toArray(), { code: 'MILLRACE_SHAPE' });
});

test('a stream of tables goes through a stage as tables', async (t) => {
  const pipeline = Pipeline.fromSource({
    name: 'tables',
    async *open() {
      yield new ColumnChunk<{ text: string }>({ text: Utf8Column.from(['a', 'rose']) });
    },
  }).pipe(
    defineStage<{ text: string }, { text: string; size: number }>({
      name: 'size',
      record: (record) => extend(record, { size: record.text.length }),
      columns: (chunk) => chunk.with({ size: new Int32Column(new Int32Array([1, 4])) }),
    }),
  );
  for await (const chunk of pipeline.chunks()) t.true(chunk instanceof ColumnChunk);
});
