import test from 'ava';
import fc from 'fast-check';
import {
  ArrayChunk,
  defineStage,
  limitRejects,
  MillraceError,
  Pipeline,
  parseOnError,
  type Rejects,
  skipRejects,
} from '../../pipeline/index.ts';
import { untilFailure } from './laws.ts';

/** Numbers that a divisor divides are bad records. */
const undivided = (divisor: number, name = `by ${divisor}`) =>
  defineStage<number, number>({
    name,
    record(n) {
      if (n % divisor !== 0) return n;
      const origin = { source: 'numbers', line: n };
      throw new MillraceError('MILLRACE_BAD_RECORD', `It is divided (by ${divisor})`, { origin });
    },
  });

const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

/** The same records, cut into chunks of the given sizes in turn. */
function cut(values: readonly number[], sizes: readonly number[]): Pipeline<number> {
  return Pipeline.fromSource({
    name: 'cut',
    async *open() {
      for (let at = 0, turn = 0; at < values.length; turn++) {
        const size = sizes[turn % sizes.length] as number;
        yield new ArrayChunk(values.slice(at, at + size));
        at += size;
      }
    },
  });
}

test('a run ends at the first bad record beyond the limit, behind the records before it', async (t) => {
  const pipeline = Pipeline.from(from(1, 20)).pipe(undivided(5)).onError('skip', '2');
  const { records, error } = await untilFailure(pipeline);
  t.deepEqual(records, [1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14]);
  t.is(
    (error as Error).message,
    'numbers:15: 3 of the first 15 records of by 5 are bad; expected at most 2. The last of them: It is divided (by 5).',
  );
  t.like(error, { code: 'MILLRACE_BAD_RECORD', origin: { source: 'numbers', line: 15 } });
  t.true((error as MillraceError).cause instanceof MillraceError);
  t.is((await Pipeline.from(from(1, 20)).pipe(undivided(5)).onError('skip', '4').toArray()).length, 16);
  t.is((await untilFailure(Pipeline.from([1, 5]).pipe(undivided(5)).onError('skip', '0'))).records.length, 1);
});

test('a limit in percent is of the records that have come so far, and of no fewer than a hundred', async (t) => {
  const firstBeyond = async (bad: readonly number[], limit: string) => {
    const isBad = new Set(bad);
    const stage = defineStage<number, number>({
      name: 'bad',
      record(n) {
        if (isBad.has(n)) throw new MillraceError('MILLRACE_BAD_RECORD', 'Bad', { origin: { source: 'n', line: n } });
        return n;
      },
    });
    const { error } = await untilFailure(Pipeline.from(from(1, 1000)).pipe(stage).onError('skip', limit));
    return (error as MillraceError | undefined)?.origin?.line;
  };
  t.is(await firstBeyond([1], '1%'), undefined);
  t.is(await firstBeyond([1, 2], '1%'), 2);
  t.is(await firstBeyond([1, 200], '1%'), undefined);
  t.is(await firstBeyond([1, 199], '1%'), 199);
  t.is(await firstBeyond([100, 200, 300, 301], '1%'), 301);
  t.is(await firstBeyond([1], '0.5%'), 1);
  t.is(await firstBeyond([200], '0.5%'), undefined);
  t.is(await firstBeyond(from(1, 1000), '100%'), undefined);
  t.is(await firstBeyond([7], '0%'), 7);
});

test('where a run ends hangs neither on how records are cut nor on stages that run ahead', async (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
  const limits = fc.constantFrom('0', '1', '2', '5', '2%', '4%', '10%', '30%');
  const run = (pipeline: Pipeline<number>, limit: string) => {
    const told: unknown[] = [];
    const policy: Rejects = { reject: (error, raw, counts) => void told.push([error.message, raw, counts]) };
    return { told, outcome: untilFailure(pipeline.onError(policy, limit)) };
  };
  await fc.assert(
    fc.asyncProperty(sizes, limits, fc.integer({ min: 2, max: 9 }), fc.nat(150), async (cuts, limit, by, count) => {
      const values = from(1, count);
      const chain = (pipeline: Pipeline<number>) => pipeline.pipe(undivided(by), undivided(by + 1));
      const expected = await run(chain(cut(values, [1])), limit).outcome;
      const ahead = cut(values, cuts)
        .pipe(undivided(by))
        .prefetch(3)
        .pipe(undivided(by + 1));
      for (const pipeline of [chain(cut(values, cuts)), ahead]) {
        const { records, error } = await run(pipeline, limit).outcome;
        t.deepEqual(records, expected.records);
        t.is((error as Error | undefined)?.message, (expected.error as Error | undefined)?.message);
      }
    }),
    { seed: 31, numRuns: 150 },
  );
});

test('each run counts for itself: epochs do not add up', async (t) => {
  const pipeline = Pipeline.from(from(1, 20)).pipe(undivided(5)).onError('skip', '4');
  for (let epoch = 0; epoch < 3; epoch++) t.is((await pipeline.toArray()).length, 16);
});

test('the counts go on in a run that is resumed, once and twice', async (t) => {
  const make = () => Pipeline.from(from(1, 40)).rechunk(4).pipe(undivided(3), undivided(5)).onError('skip', '6');
  const { records, error } = await untilFailure(make());
  t.is((error as MillraceError).origin?.line, 21);
  const stop = async (pipeline: Pipeline<number>, count: number) => {
    const iterator = pipeline[Symbol.asyncIterator]();
    for (let read = 0; read < count; read++) await iterator.next();
    const state = JSON.parse(JSON.stringify(pipeline.state()));
    await iterator.return?.();
    return state;
  };
  for (let first = 1; first < records.length; first++) {
    const once = make().resume(await stop(make(), first));
    const rest = await untilFailure(once);
    t.deepEqual(rest.records, records.slice(first), `after ${first}`);
    t.is((rest.error as Error).message, (error as Error).message);
    const twice = await untilFailure(make().resume(await stop(once, 1)));
    t.deepEqual(twice.records, records.slice(first + 1), `after ${first} and 1`);
    t.is((twice.error as Error).message, (error as Error).message);
  }
});

test('the policy hears of the record at which the run ends too', async (t) => {
  const told: unknown[] = [];
  const policy = { reject: (_: MillraceError, raw: unknown) => void told.push(raw) };
  await untilFailure(Pipeline.from(from(1, 20)).pipe(undivided(5)).onError(policy, '1'));
  t.deepEqual(told, [5, 10]);
});

test('a limit that cannot be read is refused, as is one for a run that fails anyway', (t) => {
  for (const limit of ['', 'x', '-1', '1.5', '101%', '%', '1 %', '1e3', '99999999999999999999']) {
    const error = t.throws(() => limitRejects(skipRejects, limit), { code: 'MILLRACE_USAGE' }, limit);
    t.regex(error?.message ?? '', /such as 10, or a percentage/);
  }
  t.throws(() => parseOnError('fail', '3'), { code: 'MILLRACE_USAGE', message: /skip or quarantine:FILE/ });
  t.throws(() => parseOnError('ignore', '3'), { code: 'MILLRACE_USAGE', message: /policy for bad records is unknown/ });
});

test('without counts nobody can judge', (t) => {
  const error = new MillraceError('MILLRACE_BAD_RECORD', 'Bad');
  t.notThrows(() => limitRejects(skipRejects, '0').reject(error, 1));
});
