// One after the other: to start a thread takes a second where nothing was compiled beforehand.
import assert from 'node:assert/strict';
import { threadId } from 'node:worker_threads';
import test from 'ava';
import fc from 'fast-check';
import { type Choice, defineStage, MillraceError, Pipeline } from '../../../pipeline/index.ts';
import type { Crew } from '../../../pipeline/spec.ts';
import { rejection, until } from '../probes.ts';
import { changingOver, outcomeOf, policies } from './outcome.ts';
import {
  Counters,
  type Course,
  doubled,
  homesick,
  mishap,
  misnamedSource,
  moody,
  numbersThere,
  OwnError,
  refuseFrom,
  seenIn,
  sums,
  withFunction,
} from './stages.ts';

function numbersFrom(course: Course, counters = new Counters()): Pipeline<number> {
  return Pipeline.fromSource(numbersThere(counters, course));
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

type Shape = (source: Pipeline<number>) => Pipeline<number>;

const shapes: Readonly<Record<string, Shape>> = {
  'stages that remember nothing': (source) => source.pipe(doubled, moody('first'), moody('second')),
  'one that remembers': (source) => source.pipe(sums(true)),
  'and others behind it': (source) => source.pipe(doubled, sums(true), moody(), mishap('throw', 130)),
  'one that keeps no state': (source) => source.pipe(sums(false), moody('first'), sums(true)),
};

const shape = fc.constantFrom(...Object.values(shapes));
const course = fc.record<Course>({
  count: fc.nat(60),
  length: fc.integer({ min: 1, max: 9 }),
  failAt: fc.oneof({ weight: 3, arbitrary: fc.constant(1000) }, fc.nat(50)),
});

test.serial('any number of workers gives the same records, bad records, counts and errors', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      course,
      shape,
      fc.integer({ min: 1, max: 3 }),
      policies,
      fc.nat(5),
      async (course, apply, workers, policy, after) => {
        const counters = new Counters();
        const pipeline = apply(numbersFrom(course, counters));
        const wanted = await outcomeOf(pipeline, policy, 0);
        // Where a run fails or changes over, what a stage needs again is read again.
        const compared = ({ stages, ...others }: typeof wanted, again = others.failure !== undefined) => ({
          ...others,
          stages: stages.slice(again ? 2 : 0),
        });
        const explicit = await outcomeOf(pipeline.parallel(workers), policy, 0);
        assert.deepEqual(compared(explicit), compared(wanted));
        const changing = changingOver(pipeline, after, workers - 1);
        assert.deepEqual(compared(await outcomeOf(changing, policy, 0), true), compared(wanted, true));
        // What was found out is kept.
        assert.deepEqual(compared(await outcomeOf(changing, policy, 0), true), compared(wanted, true));
        assert.equal(counters.closes, counters.opens);
      },
    ),
    { seed: 5, numRuns: 120, includeErrorInReport: true },
  );
  t.pass();
});

for (const [name, apply] of Object.entries(shapes)) {
  test.serial(`${name}: states are the same for any number of workers, and go on with any`, async (t) => {
    const pipeline = apply(numbersFrom({ count: 29, length: 4 })).onError('skip');
    const runs = [pipeline, pipeline.parallel(1), changingOver(pipeline, 2, 1), pipeline.parallel(2)];
    const all = await pipeline.toArray();
    const iterators = runs.map((run) => run[Symbol.asyncIterator]());
    for (let stop = 1; stop <= all.length; stop++) {
      const states: string[] = [];
      for (const [i, iterator] of iterators.entries()) {
        t.is((await iterator.next()).value, all[stop - 1]);
        states.push(JSON.stringify((runs[i] as Pipeline<number>).state()));
      }
      t.is(states[1], states[0], `one worker, after ${stop}`);
      t.is(states[2], states[0], `over to one, after ${stop}`);
      // With others behind it, a stage that keeps no state is sooner where it was.
      const state = JSON.parse(states[stop % 4] as string);
      const again = runs[(stop >> 2) % 4] as Pipeline<number>;
      t.deepEqual(await again.resume(state).toArray(), all.slice(stop), `${stop % 4} to ${(stop >> 2) % 4}`);
    }
    for (const iterator of iterators) t.true((await iterator.next()).done);
  });
}

test.serial('the source and all stages are in the one thread, or the source in one and they in others', async (t) => {
  for (const workers of [1, 3]) {
    const counters = new Counters();
    const pipeline = numbersFrom({ count: 60, length: 1 }, counters)
      .pipe(doubled, sums(true), seenIn())
      .parallel(workers);
    const seen = await pipeline.toArray();
    t.is(seen.length, 60);
    const threads = new Set(seen.map(({ thread }) => thread));
    t.false(threads.has(threadId));
    t.true(threads.size <= Math.max(1, workers - 1));
    t.is(counters.opens, 1);
    t.not(counters.threads[0], threadId);
    const { stages } = pipeline.report();
    t.deepEqual(
      stages.map(({ workers, crew }) => [workers, crew]),
      workers === 1
        ? [1, 1, 1, 1].map((crew) => [1, crew])
        : [
            [1, 1],
            [1, 1],
            [1, 1],
            [2, 2],
          ],
    );
    t.true(stages.every(({ busySeconds, waitingSeconds }) => busySeconds >= 0 && waitingSeconds >= 0));
    t.true((stages[0]?.busySeconds as number) > 0);
  }
});

test.serial('stages that cannot do without the source stay with it', async (t) => {
  const stay = defineStage<number, number>({ name: 'stay', record: (n) => n });
  const here = Pipeline.from(numbers(3)).pipe(sums(true), doubled).parallel(1);
  t.deepEqual(
    here.stages.map(({ crew }) => crew?.workers),
    [undefined, 1],
  );
  t.deepEqual(await here.toArray(), [0, 2, 6]);
  const behind = numbersFrom({ count: 3, length: 1 }).pipe(stay, sums(true), doubled).parallel(1);
  t.deepEqual(
    behind.stages.map(({ crew }) => crew?.workers),
    [undefined, undefined, 1],
  );
  t.throws(() => Pipeline.from(numbers(3)).pipe(sums(true)).parallel(1), { code: 'MILLRACE_USAGE' });
  // A source that turns out to be one that cannot go.
  const { remote: _, ...source } = numbersThere(new Counters(), { count: 3, length: 2 });
  const stuck = Pipeline.fromSource({ ...source, remote: () => undefined }).pipe(sums(true), seenIn());
  for (const pipeline of [stuck.parallel(1), stuck.parallel(2), changingOver(stuck, 0, 1)]) {
    t.deepEqual(
      (await pipeline.toArray()).map(({ n }) => n),
      [0, 1, 3],
    );
    t.deepEqual(
      pipeline.report().stages.map(({ crew }) => crew),
      [undefined, undefined, 1],
    );
  }
});

test.serial('whoever stops early, after any record, closes the source before it goes on', async (t) => {
  for (const workers of [1, 2]) {
    for (let count = 0; count <= 12; count++) {
      const counters = new Counters();
      const pipeline = numbersFrom({ count: 12, length: 1 }, counters).pipe(sums(true), doubled).parallel(workers);
      const iterator = pipeline[Symbol.asyncIterator]();
      for (let n = 0; n < count; n++) await iterator.next();
      await iterator.return?.();
      t.is(counters.opens, Math.min(count, 1));
      t.is(counters.closes, counters.opens);
    }
  }
});

test.serial('at most workers + 6 chunks are under way', async (t) => {
  for (const workers of [1, 2, 4]) {
    const counters = new Counters();
    let [taken, most] = [0, 0];
    for await (const _ of numbersFrom({ count: 40, length: 1 }, counters).pipe(sums(true), doubled).parallel(workers)) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      most = Math.max(most, counters.given - taken++);
    }
    t.is(taken, 40);
    t.true(most > 1, `only ${most}`);
    t.true(most <= workers + 6, `${most}`);
  }
});

test.serial('errors of the source and of a stage come as they are, behind the records before them', async (t) => {
  for (const workers of [1, 2]) {
    const counters = new Counters();
    const failing = numbersFrom({ count: 40, length: 5, failAt: 20 }, counters).pipe(sums(true), doubled);
    const stage = numbersFrom({ count: 40, length: 5 }, counters).pipe(doubled, mishap('throw', 46));
    for (const [pipeline, count] of [
      [failing, 20],
      [stage, 23],
    ] as const) {
      const got: number[] = [];
      const failed = (async () => {
        for await (const n of pipeline.parallel(workers)) got.push(n);
      })();
      const error = await t.throwsAsync(failed, { instanceOf: OwnError });
      t.is((error as OwnError).extra(), 'a function');
      t.is(got.length, count);
      t.is(counters.closes, counters.opens);
    }
  }
});

test.serial('bad records are told of though no record comes out, and ahead of nobody', async (t) => {
  const counters = new Counters();
  let told = 0;
  const pipeline = numbersFrom({ count: 100_000, length: 10 }, counters)
    .pipe(refuseFrom(5))
    .onError({
      reject(error) {
        if (++told === 50) throw error;
      },
    })
    .parallel(1);
  const got: number[] = [];
  const error = await t.throwsAsync(
    (async () => {
      for await (const n of pipeline) got.push(n);
    })(),
    { instanceOf: MillraceError },
  );
  t.is(error.found, 54);
  t.deepEqual(got, numbers(5));
  t.is(told, 50);
  t.true(counters.given < 300, `${counters.given} were read`);
  t.is(pipeline.report().stages[1]?.rejected, 50);
});

for (const [what, told] of [
  ['exit', /exit code 3/],
  ['stray', /RangeError: nobody catches it/],
] as const) {
  test.serial(`a worker that ends by ${what} is an error that tells why, and others take its place`, async (t) => {
    const pipeline = numbersFrom({ count: 30, length: 1 }).pipe(mishap(what, 17)).parallel(1);
    const error = await t.throwsAsync(pipeline.toArray(), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_WORKER');
    t.regex(error.message, told);
    t.deepEqual(await numbersFrom({ count: 3, length: 1 }).pipe(doubled).parallel(1).toArray(), [0, 2, 4]);
  });
}

for (const what of ['hang', 'spin', 'source'] as const) {
  test.serial(`an abort ends a worker with a ${what} that hangs`, async (t) => {
    const counters = new Counters();
    const course = { count: 30, length: 1, ...(what === 'source' && { hangAt: 9 }) };
    const stage = what === 'source' ? doubled : mishap(what, 8);
    const controller = new AbortController();
    const reason = new Error('it takes too long');
    const outcome = numbersFrom(course, counters).pipe(stage).parallel(1).toArray(controller.signal);
    await until(() => counters.given >= 9);
    controller.abort(reason);
    t.is(await rejection(outcome), reason);
    // Whoever spins is ended, and closes nothing.
    if (what !== 'spin') t.is(counters.closes, counters.opens);
    t.deepEqual(await numbersFrom({ count: 3, length: 1 }).pipe(doubled).parallel(1).toArray(), [0, 2, 4]);
  });
}

test.serial('what works in the main thread only, and what is something else there', async (t) => {
  const source = numbersFrom({ count: 9, length: 1 });
  const only = await t.throwsAsync(source.pipe(homesick()).parallel(1).toArray(), { instanceOf: MillraceError });
  t.is(only.code, 'MILLRACE_WORKER');
  t.regex(only.message, /only there.*not here/s);
  for (const name of ['numbersOf', 'nothing']) {
    const misnamed = Pipeline.fromSource(misnamedSource(name)).pipe(doubled).parallel(1);
    const error = await t.throwsAsync(misnamed.toArray(), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_USAGE');
  }
});

test.serial('records that cannot be sent are made in the main thread, and counted', async (t) => {
  const pipeline = numbersFrom({ count: 10, length: 3 }).pipe(sums(true), withFunction()).parallel(1);
  t.deepEqual(
    (await pipeline.toArray()).map(({ next }) => next()),
    [1, 2, 4, 7, 11, 16, 22, 29, 37, 46],
  );
  t.deepEqual(pipeline.report().stages[1]?.tallies, { inMainThread: 10 });
});

test.serial('a crew that finds out how many threads it needs tells, and the source goes with it', async (t) => {
  for (const workers of [1, 2]) {
    const told: Choice[] = [];
    const counters = new Counters();
    const pipeline = changingOver(numbersFrom({ count: 30, length: 1 }, counters).pipe(doubled, seenIn()), 9, workers);
    Object.assign(pipeline.stages.at(-1)?.crew as Crew, { onChoice: (choice: Choice) => told.push(choice) });
    const seen = await pipeline.toArray();
    t.deepEqual(
      seen.map(({ n }) => n),
      numbers(30).map((n) => 2 * n),
    );
    t.deepEqual(
      seen.map(({ thread }) => thread === threadId),
      numbers(30).map((n) => n <= 9),
    );
    t.deepEqual(told, [{ workers, share: 0.5, stages: ['doubled', 'seenIn'] }]);
    t.is(counters.opens, 2);
    t.is(counters.closes, 2);
    t.deepEqual(
      counters.threads.map((thread) => thread === threadId),
      [true, false],
    );
    t.is(pipeline.report().stages[0]?.workers, workers);
    t.false((await pipeline.toArray()).some(({ thread }) => thread === threadId));
    t.is(told.length, 1);
  }
});
