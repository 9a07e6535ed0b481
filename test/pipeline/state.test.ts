import test from 'ava';
import fc from 'fast-check';
import { DROP, defineStage, Pipeline, type PipelineState } from '../../pipeline/index.ts';

// The law of every pipeline: stopped after any record, and resumed from its state (through JSON, as from a file), it
// gives exactly what the uninterrupted run would have given next; and so when it is stopped and resumed again.

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

/** Reads `count` records and stops; the rest of the story is in the state. */
async function stopAfter<T>(pipeline: Pipeline<T>, count: number): Promise<{ given: T[]; state: PipelineState }> {
  const given: T[] = [];
  const records = pipeline[Symbol.asyncIterator]();
  while (given.length < count) {
    const { done, value } = await records.next();
    if (done) break;
    given.push(value);
  }
  // A pipeline that was never asked for a record has no state yet.
  if (count === 0) await pipeline.take(0).toArray();
  const state = pipeline.state();
  await records.return?.();
  return { given, state: JSON.parse(JSON.stringify(state)) };
}

type Step = { readonly name: string; readonly apply: (pipeline: Pipeline<number>) => Pipeline<number> };

const keepOdd = defineStage<number, number>({ name: 'odd', record: (n) => (n % 2 === 1 ? n : DROP) });
/** A stage that keeps no state of its own, and whose output depends on all of its input so far. */
const sums = defineStage<number, number>({
  name: 'sums',
  async *stream(source) {
    let sum = 0;
    for await (const chunk of source) {
      const { ArrayChunk } = await import('../../pipeline/index.ts');
      yield new ArrayChunk([...chunk].map((n) => (sum += n)));
    }
  },
});

const steps: Step[] = [
  { name: 'map with index', apply: (p) => p.map((n, i) => n * 1000 + i) },
  { name: 'async map', apply: (p) => p.map(async (n) => n + 1) },
  { name: 'filter with index', apply: (p) => p.filter((_, i) => i % 3 !== 1) },
  { name: 'dropping stage', apply: (p) => p.pipe(keepOdd) },
  { name: 'take', apply: (p) => p.take(17) },
  { name: 'skip', apply: (p) => p.skip(4) },
  { name: 'tap', apply: (p) => p.tap(() => {}) },
  { name: 'shard', apply: (p) => p.shard(1, 3) },
  { name: 'shuffle', apply: (p) => p.shuffle(5, 7) },
  { name: 'whole shuffle', apply: (p) => p.shuffle(1000, 7) },
  { name: 'prefetch', apply: (p) => p.prefetch(2) },
  { name: 'rechunk 1', apply: (p) => p.rechunk(1) },
  { name: 'rechunk 4', apply: (p) => p.rechunk(4) },
  { name: 'rechunk 7', apply: (p) => p.rechunk(7) },
  { name: 'stream without a state', apply: (p) => p.pipe(sums) },
  { name: 'concat', apply: (p) => p.concat(Pipeline.from(numbers(5, 100)).rechunk(2), p.skip(2)) },
  { name: 'interleave', apply: (p) => p.interleave(Pipeline.from(numbers(9, 200)).rechunk(2), p.shuffle(3, 1)) },
  {
    name: 'mix by weight',
    apply: (p) =>
      Pipeline.mix([
        [p, 3],
        [Pipeline.from(numbers(9, 300)).rechunk(2), 2],
      ]),
  },
  { name: 'balance', apply: (p) => p.balance((n) => `${n % 5 === 0}`, ['true', 'false']) },
  { name: 'split', apply: (p) => p.split(String, [0.2, 0.9]) },
];

async function holds(
  t: { deepEqual: (a: unknown, b: unknown, message?: string) => unknown },
  make: () => Pipeline<number>,
  name: string,
) {
  const whole = await make().toArray();
  for (let first = 1; first <= whole.length; first++) {
    const once = await stopAfter(make(), first);
    t.deepEqual(once.given, whole.slice(0, first), `${name}: the first ${first}`);
    t.deepEqual(await make().resume(once.state).toArray(), whole.slice(first), `${name}: after ${first}`);
    for (const more of [1, 2, 5]) {
      if (first + more > whole.length) continue;
      const twice = await stopAfter(make().resume(once.state), more);
      t.deepEqual(twice.given, whole.slice(first, first + more), `${name}: ${more} after ${first}`);
      const rest = await make().resume(twice.state).toArray();
      t.deepEqual(rest, whole.slice(first + more), `${name}: after ${first} and ${more}`);
    }
  }
}

for (const { name, apply } of steps) {
  for (const length of [1, 3, 8]) {
    test(`${name}, stopped after every record and resumed, once and twice (chunks of ${length})`, async (t) => {
      await holds(t, () => apply(Pipeline.from(numbers(30)).rechunk(length)), name);
    });
  }
}

test('any chain of stages, stopped anywhere, twice', async (t) => {
  const step = fc.constantFrom(...steps);
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 9 }),
      fc.nat(60),
      fc.nat(20),
      async (chain, length, first, more) => {
        const make = () => chain.reduce((p, { apply }) => apply(p), Pipeline.from(numbers(30)).rechunk(length));
        const whole = await make().toArray();
        const stop = Math.min(first, whole.length);
        if (stop === 0) return;
        const once = await stopAfter(make(), stop);
        const again = Math.min(more, whole.length - stop);
        if (again === 0) {
          t.deepEqual(await make().resume(once.state).toArray(), whole.slice(stop));
          return;
        }
        const twice = await stopAfter(make().resume(once.state), again);
        t.deepEqual(twice.given, whole.slice(stop, stop + again));
        t.deepEqual(await make().resume(twice.state).toArray(), whole.slice(stop + again));
      },
    ),
    { numRuns: 300 },
  );
});

test('the state after an error is behind the records that were given, and before the one that failed', async (t) => {
  const at = (n: number) =>
    defineStage<number, number>({
      name: 'fails at',
      record(value) {
        if (value === n && failing) throw new Error(`${n}`);
        return value;
      },
    });
  let failing = true;
  for (const length of [1, 4, 20]) {
    for (let n = 0; n < 20; n++) {
      failing = true;
      const pipeline = Pipeline.from(numbers(20))
        .rechunk(length)
        .pipe(at(n))
        .map((value) => value);
      const given: number[] = [];
      await t.throwsAsync(
        (async () => {
          for await (const value of pipeline) given.push(value);
        })(),
        { message: `${n}` },
      );
      t.deepEqual(given, numbers(n));
      const state = JSON.parse(JSON.stringify(pipeline.state()));
      failing = false;
      t.deepEqual(await pipeline.resume(state).toArray(), numbers(20 - n, n));
    }
  }
});

test('what is added to a pipeline that goes on from a state, is added behind what it goes on with', async (t) => {
  const make = () => Pipeline.from(numbers(20)).rechunk(4).shuffle(3, 1);
  const whole = await make().toArray();
  const other = Pipeline.from([100]);
  for (const first of [1, 4, 6, 19]) {
    const { state } = await stopAfter(make(), first);
    const resumed = make().resume(state);
    const rest = whole.slice(first);
    t.deepEqual(await resumed.take(3).toArray(), rest.slice(0, 3));
    t.deepEqual(await resumed.onError('skip').toArray(), rest);
    t.deepEqual(await resumed.withAbort(new AbortController().signal).toArray(), rest);
    t.deepEqual(await resumed.concat(other).toArray(), [...rest, 100]);
    t.deepEqual(await other.concat(resumed).toArray(), [100, ...rest]);
    const longer = resumed.map((n) => n + 1);
    for (let more = 1; more < rest.length; more++) {
      const again = await stopAfter(longer, more);
      t.deepEqual(
        await longer.resume(again.state).toArray(),
        rest.slice(more).map((n) => n + 1),
      );
    }
  }
});
