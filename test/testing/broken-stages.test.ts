import { AssertionError } from 'node:assert';
import test from 'ava';
import {
  ArrayChunk,
  type Chunk,
  ColumnChunk,
  defineStage,
  MillraceError,
  type Pipeline,
  type StageContext,
} from '../../pipeline/index.ts';
import { checkStage, laws, WatchedSource } from '../../testing/index.ts';
import { tableOf, type Word, words } from '../pipeline/probes.ts';

// A law that nobody can break holds nothing: here is a stage for each that breaks it.

type Stream = (source: AsyncIterable<Chunk<Word>>, context: StageContext) => AsyncIterable<Chunk<Word>>;

const streaming = (stream: Stream) => defineStage<Word, Word>({ name: 'broken', stream });

/** What a stage kept of the run before. */
let leftovers: Chunk<Word>[] = [];

const broken: Readonly<Record<keyof typeof laws, (source: Pipeline<Word>) => Pipeline<unknown>>> = {
  // It remembers an earlier run.
  opensNothingEarly: streaming(async function* (source) {
    yield* leftovers;
    for await (const chunk of source) {
      leftovers = [chunk];
      yield chunk;
    }
  }),
  givesTheSameHoweverCut: streaming(async function* (source) {
    for await (const chunk of source) yield new ArrayChunk([...chunk].reverse());
  }),
  // It keeps silent about bad records.
  obeysThePolicy: streaming(async function* (source, context) {
    for await (const chunk of source) {
      const good = [...chunk].filter(({ id }) => id !== 4);
      if (good.length < chunk.length) {
        try {
          context.reject(new MillraceError('MILLRACE_BAD_RECORD', 'Four'), 4);
        } catch {
          // Whatever the policy says.
        }
      }
      yield new ArrayChunk(good);
    }
  }),
  passesErrorsOn: streaming(async function* (source) {
    try {
      for await (const chunk of source) yield chunk;
    } catch {
      throw new Error('something went wrong');
    }
  }),
  closesOnEarlyStop: streaming((source) => {
    const iterator = source[Symbol.asyncIterator]();
    return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
  }),
  // Deaf to aborts: it asks for all without the signal.
  closesOnAbort: (source) => {
    const deaf = { toArray: () => source.toArray(), onError: () => deaf };
    return deaf as unknown as Pipeline<Word>;
  },
  readsNoFurther: (source) => source.prefetch(2),
  // It says that another thread could make it, and gives each chunk when it has the next.
  letsGoOfMemory: defineStage<Word, Word>({
    name: 'broken',
    remote: { module: import.meta.url, export: 'nothing' },
    async *stream(source) {
      let last: Chunk<Word> | undefined;
      for await (const chunk of source) {
        if (last) yield last;
        last = chunk;
      }
      if (last) yield last;
    },
  }),
  // A state that is none.
  resumesExactly: defineStage<Word, number>({
    name: 'broken',
    async *stream(source, context) {
      context.onCheckpoint(() => ({ from: context.upstream(), own: () => null }));
      let count = 0;
      for await (const chunk of source) yield new ArrayChunk(Array.from(chunk, () => count++));
    },
  }),
};

for (const name of Object.keys(laws) as (keyof typeof laws)[]) {
  test(`a stage that breaks the law ${name} is found out`, async (t) => {
    const sample = { records: words(9), table: (list: readonly Word[]) => tableOf(list) };
    await t.throwsAsync(laws[name](broken[name], sample), { instanceOf: AssertionError });
    leftovers = [];
    // It may break others too, before or behind it.
    const error = await t.throwsAsync(checkStage(broken[name], sample), { instanceOf: AssertionError });
    t.regex(error?.message ?? '', /^\w+: ./);
    t.true(error?.cause instanceof Error);
  });
}

test('a form for tables that gives something else is found out', async (t) => {
  const stage = defineStage<Word, Word>({
    name: 'broken',
    record: (word) => word,
    columns: (chunk) => (chunk.length > 2 ? (chunk.slice(1, chunk.length) as ColumnChunk<Word>) : chunk),
  });
  const sample = { records: words(9), table: (list: readonly Word[]) => tableOf(list) };
  t.true(sample.table(words(1)) instanceof ColumnChunk);
  await t.throwsAsync(checkStage(stage, sample), { instanceOf: AssertionError, message: /^givesTheSameHoweverCut: / });
  await t.notThrowsAsync(checkStage(stage, { records: sample.records }));
});

test('a watched source tells of what was asked of it out of turn', async (t) => {
  const open = () => {
    const source = new WatchedSource([new ArrayChunk([1])]);
    const context = { signal: new AbortController().signal } as Parameters<typeof source.open>[0];
    return { source, iterator: source.open(context)[Symbol.asyncIterator]() };
  };
  const left = open();
  await left.iterator.next();
  t.throws(() => left.source.assertClosed(), { message: /still open/ });
  const twice = open();
  await twice.iterator.return?.();
  await twice.iterator.return?.();
  t.throws(() => twice.source.assertClosed(), { instanceOf: AssertionError });
  const after = open();
  await after.iterator.return?.();
  await after.iterator.next();
  t.throws(() => after.source.assertClosed(), { instanceOf: AssertionError });
  const together = open();
  await Promise.all([together.iterator.next(), together.iterator.next()]);
  await together.iterator.return?.();
  t.throws(() => together.source.assertClosed(), { instanceOf: AssertionError });
});
