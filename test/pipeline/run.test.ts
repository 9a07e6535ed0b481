import test from 'ava';
import { defineStage, MillraceError, Pipeline, type Rejects } from '../../pipeline/index.ts';

/** Rejects every record, for a policy that notes which. */
const refuse = defineStage<string, string>({
  name: 'refuse',
  record() {
    throw new MillraceError('MILLRACE_BAD_RECORD', 'None will do');
  },
});

function noting(): Rejects & { readonly noted: unknown[] } {
  const noted: unknown[] = [];
  return { noted, reject: (_error, raw) => void noted.push(raw) };
}

test('a pipeline inside another has its own error policy, or else that of the one around it', async (t) => {
  const [inner, outer] = [noting(), noting()];
  const own = Pipeline.from(['own']).pipe(refuse).onError(inner);
  const none = Pipeline.from(['none']).pipe(refuse);
  for (const joined of [own.concat(none), none.interleave(own)]) {
    t.deepEqual(await joined.onError(outer).toArray(), []);
    t.deepEqual(inner.noted.splice(0), ['own']);
    t.deepEqual(outer.noted.splice(0), ['none']);
    await t.throwsAsync(joined.toArray(), { code: 'MILLRACE_BAD_RECORD' });
    inner.noted.length = 0;
  }
});

test('policies reach through pipelines within pipelines within pipelines', async (t) => {
  const outer = noting();
  const deep = Pipeline.from(['a'])
    .pipe(refuse)
    .concat(Pipeline.from(['b']))
    .pipe(refuse);
  await deep
    .interleave(Pipeline.from(['c']).pipe(refuse))
    .onError(outer)
    .toArray();
  t.deepEqual([...outer.noted].sort(), ['a', 'b', 'c']);
});

test('the stages of a run share its signal, which aborts when the consumer has left', async (t) => {
  const signals: AbortSignal[] = [];
  const listen = defineStage<number, number>({
    name: 'listen',
    record(value, { signal }) {
      signals.push(signal);
      return value;
    },
  });
  const iterator = Pipeline.from([1]).pipe(listen, listen)[Symbol.asyncIterator]();
  await iterator.next();
  t.is(signals.length, 2);
  t.is(signals[0], signals[1]);
  t.false(signals[0]?.aborted);
  await iterator.return?.();
  t.true(signals[0]?.aborted);
});

test('stages count into meters of their own', async (t) => {
  const count = (name: string) =>
    defineStage<number, number>({
      name,
      record(value, context) {
        context.tally('sum', value);
        context.tally('records', 1);
        return value % 2 === 0 ? context.drop(`${value} is even`) : value;
      },
    });
  const pipeline = Pipeline.from([1, 2, 3, 4, 2]).pipe(count('one'), count('other'));
  await pipeline.toArray();
  const [, one, other] = pipeline.report().stages;
  t.deepEqual(one?.tallies, { sum: 12, records: 5 });
  t.deepEqual(one?.dropped, { '2 is even': 2, '4 is even': 1 });
  t.deepEqual(other?.tallies, { sum: 4, records: 2 });
  t.deepEqual(other?.dropped, {});
});
