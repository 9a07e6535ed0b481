// One after the other: to start a thread takes a second where nothing was compiled beforehand.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { threadId } from 'node:worker_threads';
import test from 'ava';
import fc from 'fast-check';
import {
  ArrayChunk,
  type Choice,
  defineStage,
  MillraceError,
  Pipeline,
  type StageSpec,
} from '../../../pipeline/index.ts';
import type { Crew } from '../../../pipeline/spec.ts';
import { ids, lowercase, parse, tokenize, transitions, Vocabulary } from '../../../stages/index.ts';
import { blockSizes, snliFile } from '../../stages/arbitraries.ts';
import { type AnyStage, chain, linesOf } from '../../stages/forms.ts';
import { oneByOne, Probe, rejection, until } from '../probes.ts';
import { changingOver, outcomeOf, policies } from './outcome.ts';
import { doubled, homesick, mishap, misnamed, moody, OwnError, seenIn, selfish, withFunction } from './stages.ts';

const vocabulary = new Vocabulary(['<pad>', '<unk>', '.', 'a', 'constructor', 'café']);

/** Rows of stages that can go. */
const stageRows: readonly (readonly AnyStage[])[] = [
  [parse('snli')],
  [parse('jsonl')],
  [parse('sick')],
  [parse('snli'), tokenize('parse')],
  [parse('snli'), tokenize('auto'), lowercase(), ids(vocabulary)],
  [parse('snli'), tokenize('treebank'), ids(async () => vocabulary)],
  [parse('snli'), tokenize('regex', { pattern: '\\p{L}+' }), lowercase()],
  [parse('snli'), transitions(), tokenize('parse', { unescape: true })],
  [tokenize('word'), lowercase(), ids(vocabulary)],
  [lowercase()],
  // Without tokens, ids ends the run.
  [parse('snli'), ids(vocabulary)],
];

function sorted<O extends { readonly rejected: readonly unknown[] }>(outcome: O): O {
  return { ...outcome, rejected: outcome.rejected.map((one) => JSON.stringify(one)).sort() };
}

test.serial('any number of workers gives the same records, bad records, counts and errors', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      snliFile,
      blockSizes,
      fc.constantFrom(...stageRows),
      fc.integer({ min: 1, max: 3 }),
      policies,
      async (file, sizes, stages, workers, policy) => {
        const pipeline = chain(linesOf(file, sizes), stages);
        const wanted = await outcomeOf(pipeline.parallel(0), policy, 2);
        assert.deepEqual(await outcomeOf(pipeline.parallel(workers), policy, 2), wanted);
        assert.deepEqual(await outcomeOf(changingOver(pipeline, sizes.length, workers), policy, 2), wanted);
        // Each with a worker of its own.
        const apart = stages.reduce(
          (piped, stage) => piped.stage(stage.spec as StageSpec<unknown, unknown>).parallel(1),
          linesOf(file, sizes) as Pipeline<unknown>,
        );
        // Crews work ahead of one another: so the order in which they tell of bad records is each crew's own.
        if (policy === 'keep' && wanted.failure === undefined) {
          assert.deepEqual(sorted(await outcomeOf(apart, policy, 2)), sorted(wanted));
        }
      },
    ),
    { seed: 3, numRuns: 60, includeErrorInReport: true },
  );
  t.pass();
});

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
const chunked = (count: number, length: number) =>
  Array.from(
    { length: Math.ceil(count / length) },
    (_, i) => new ArrayChunk(numbers(count).slice(i * length, (i + 1) * length)),
  );

test.serial('stages of any kind of record, that drop, reject and count', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(60),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 3 }),
      policies,
      async (count, length, workers, policy) => {
        const pipeline = new Probe(chunked(count, length)).pipeline.pipe(moody('first'), doubled, moody('second'));
        const wanted = await outcomeOf(pipeline, policy, 2);
        assert.deepEqual(await outcomeOf(pipeline.parallel(workers), policy, 2), wanted);
        assert.deepEqual(await outcomeOf(changingOver(pipeline, length % 4, workers), policy, 2), wanted);
      },
    ),
    { seed: 4, numRuns: 150, includeErrorInReport: true },
  );
  t.pass();
});

test.serial('the work is done in so many other threads, and the report says so', async (t) => {
  for (const workers of [0, 1, 3]) {
    const pipeline = Pipeline.fromSource(new Probe(oneByOne(numbers(60))))
      .pipe(seenIn())
      .parallel(workers);
    const seen = await pipeline.toArray();
    t.deepEqual(
      seen.map(({ n }) => n),
      numbers(60),
    );
    const threads = new Set(seen.map(({ thread }) => thread));
    if (workers === 0) t.deepEqual([...threads], [threadId]);
    else {
      t.false(threads.has(threadId));
      t.true(threads.size <= workers);
    }
    const { stages } = pipeline.report();
    t.is(stages.at(-1)?.workers, workers || undefined);
    t.true((stages.at(-1)?.busySeconds as number) > 0);
  }
});

test.serial('a crew that finds out how many threads it needs begins here, tells, and keeps to it', async (t) => {
  const told: Choice[] = [];
  const pipeline = changingOver(Pipeline.fromSource(new Probe(oneByOne(numbers(30)))).pipe(doubled, seenIn()), 9, 2);
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
  t.deepEqual(told, [{ workers: 2, share: 0.5, stages: ['doubled', 'seenIn'] }]);
  t.deepEqual(
    pipeline.report().stages.map(({ workers, crew }) => [workers, crew]),
    [
      [undefined, undefined],
      [2, 1],
      [2, 1],
    ],
  );
  // Not found out anew.
  t.false((await pipeline.toArray()).some(({ thread }) => thread === threadId));
  t.is(told.length, 1);
});

test.serial('a crew for which no threads are worth it stays in the main thread, a chunk at a time', async (t) => {
  const source = new Probe(oneByOne(numbers(20)));
  const pipeline = changingOver(source.pipeline.pipe(seenIn()), 3, 0);
  let taken = 0;
  for await (const { thread } of pipeline) {
    t.is(thread, threadId);
    t.true(source.given <= ++taken);
  }
  t.is(taken, 20);
  t.is(pipeline.report().stages.at(-1)?.workers, undefined);
});

test.serial('only the last stages in a row that can go, go', (t) => {
  const stay = defineStage<number, number>({ name: 'stay', record: (n) => n });
  const pipeline = Pipeline.from(numbers(3)).pipe(doubled, stay, doubled, moody()).parallel(2);
  const crews = pipeline.stages.map(({ crew }) => crew);
  t.deepEqual(crews, [undefined, undefined, { workers: 2 }, { workers: 2 }]);
  t.is(crews[2], crews[3]);
});

test.serial('numbers of workers that are none, and stages that cannot go', (t) => {
  const pipeline = Pipeline.from(numbers(3)).pipe(doubled);
  for (const workers of [-1, 1.5, Number.NaN]) {
    t.is(t.throws(() => pipeline.parallel(workers), { instanceOf: MillraceError }).code, 'MILLRACE_USAGE');
  }
  for (const stuck of [Pipeline.from(numbers(3)), pipeline.map((n) => n), pipeline.parallel(1)]) {
    const error = t.throws(() => stuck.parallel(2), { instanceOf: MillraceError });
    t.regex(error.message, /nothing to run on worker threads/);
  }
});

test.serial('at most workers + 3 chunks are under way', async (t) => {
  for (const workers of [1, 3]) {
    const source = new Probe(oneByOne(numbers(40)));
    let taken = 0;
    let most = 0;
    for await (const _ of source.pipeline.pipe(doubled).parallel(workers)) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      most = Math.max(most, source.given - taken++);
    }
    t.is(taken, 40);
    t.true(most > workers, `only ${most}`);
    t.true(most <= workers + 3, `${most}`);
  }
});

test.serial('whoever stops early, after any record, closes everything', async (t) => {
  for (let count = 0; count <= 12; count++) {
    const source = new Probe(oneByOne(numbers(12)));
    const iterator = source.pipeline.pipe(doubled).parallel(2)[Symbol.asyncIterator]();
    for (let n = 0; n < count; n++) t.is((await iterator.next()).value, 2 * n);
    await iterator.return?.();
    t.is(source.opens, Math.min(count, 1));
    source.assertClosed();
  }
});

test.serial('an error of the source comes behind the records before it', async (t) => {
  const source = new Probe(oneByOne(numbers(9)), { failAt: 7 });
  const got: number[] = [];
  const failed = rejection(
    (async () => {
      for await (const n of source.pipeline.pipe(doubled).parallel(2)) got.push(n);
    })(),
  );
  t.is(await failed, source.failure);
  t.deepEqual(
    got,
    numbers(7).map((n) => 2 * n),
  );
  source.assertClosed();
});

test.serial('an error of a stage comes as it is, behind the records before it', async (t) => {
  const got: number[] = [];
  const failed = (async () => {
    const pipeline = Pipeline.fromSource(new Probe(chunked(40, 5)))
      .pipe(doubled, mishap('throw', 46))
      .parallel(2);
    for await (const n of pipeline) got.push(n);
  })();
  const error = await t.throwsAsync(failed, { instanceOf: OwnError });
  t.is((error as OwnError).extra(), 'a function');
  t.deepEqual(
    got,
    numbers(23).map((n) => 2 * n),
  );
});

for (const [what, told] of [
  ['exit', /exit code 3/],
  ['stray', /RangeError: nobody catches it/],
] as const) {
  test.serial(`a worker that ends by ${what} is an error that tells why, and others take its place`, async (t) => {
    const source = new Probe(oneByOne(numbers(30)));
    const pipeline = source.pipeline.pipe(mishap(what, 17)).parallel(2);
    const error = await t.throwsAsync(pipeline.toArray(), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_WORKER');
    t.regex(error.message, told);
    source.assertClosed();
    t.deepEqual(await Pipeline.from(numbers(3)).pipe(doubled).parallel(2).toArray(), [0, 2, 4]);
  });
}

for (const what of ['hang', 'spin'] as const) {
  test.serial(`an abort ends a stage that ${what}s in a worker`, async (t) => {
    const source = new Probe(oneByOne(numbers(30)));
    const controller = new AbortController();
    const reason = new Error('it takes too long');
    const outcome = source.pipeline.pipe(mishap(what, 5)).parallel(1).toArray(controller.signal);
    await until(() => source.given >= 7);
    controller.abort(reason);
    t.is(await rejection(outcome), reason);
    source.assertClosed();
    t.deepEqual(await Pipeline.from(numbers(3)).pipe(doubled).parallel(1).toArray(), [0, 2, 4]);
  });
}

test.serial('a stage that works in the main thread only, and one that is another there', async (t) => {
  const only = await t.throwsAsync(Pipeline.from([1]).pipe(homesick()).parallel(1).toArray());
  t.is((only as MillraceError).code, 'MILLRACE_WORKER');
  t.regex(only.message, /only there.*not here/s);
  for (const name of ['doubled', 'nothing']) {
    const error = await t.throwsAsync(Pipeline.from([1]).pipe(misnamed(name)).parallel(1).toArray());
    t.is((error as MillraceError).code, 'MILLRACE_USAGE');
  }
});

test.serial('a module that runs a pipeline with workers when it is loaded does not do so for ever', async (t) => {
  const outcome = Pipeline.from([1]).pipe(selfish()).parallel(1).toArray();
  const error = await t.throwsAsync(outcome, { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_USAGE');
  t.regex(error.message, /no worker threads of its own/);
});

test.serial('records that cannot be sent are done in the main thread, and counted', async (t) => {
  const made = Pipeline.from(numbers(5)).pipe(withFunction()).parallel(1);
  t.deepEqual(
    (await made.toArray()).map(({ next }) => next()),
    [1, 2, 3, 4, 5],
  );
  t.deepEqual(made.report().stages.at(-1)?.tallies, { inMainThread: 5 });
  const sent = Pipeline.from(numbers(5))
    .map((n) => Object.assign(new Number(n), { f() {} }) as unknown as number)
    .pipe(doubled)
    .parallel(1);
  t.deepEqual(await sent.toArray(), [0, 2, 4, 6, 8]);
});

test.serial('stopped after any record and resumed with any number of workers, it gives the rest', async (t) => {
  const pipeline = Pipeline.fromSource(new Probe(chunked(23, 4)))
    .pipe(doubled, moody('a'), moody('b'))
    .onError('skip');
  const all = await pipeline.toArray();
  for (let stop = 1; stop <= all.length; stop++) {
    const [before, after] = [stop % 4, (stop >> 2) % 4];
    const first = before === 3 ? changingOver(pipeline, after, 2) : pipeline.parallel(before);
    const iterator = first[Symbol.asyncIterator]();
    const got: number[] = [];
    while (got.length < stop) got.push((await iterator.next()).value as number);
    const state = JSON.parse(JSON.stringify(first.state()));
    await iterator.return?.();
    t.deepEqual([...got, ...(await pipeline.parallel(after).resume(state).toArray())], all, `${before}, ${after}`);
    const changing = changingOver(pipeline, before, 1).resume(state);
    t.deepEqual([...got, ...(await changing.toArray())], all, `${before} and over`);
  }
});

test.serial('nothing keeps a process alive: not a pool at rest, not a run that was left', async (t) => {
  const program = `
    import { Pipeline } from ${JSON.stringify(new URL('../../../pipeline/index.ts', import.meta.url))};
    import { doubled, mishap } from ${JSON.stringify(new URL('./stages.ts', import.meta.url))};
    console.log((await Pipeline.from([1, 2]).pipe(doubled).parallel(2).toArray()).join());
    const left = Pipeline.from(Array(2000).keys()).pipe(mishap('spin', 700)).parallel(1);
    for await (const n of left) { console.log(n); break; }
  `;
  const args = ['--import=tsx', '--input-type=module', '-e', program];
  const { code, stdout, stderr } = await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, args, { timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error?.code ?? error?.signal ?? 0, stdout: out, stderr: err }),
    );
  });
  t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '2,4\n0\n', stderr: '' });
});

test.serial('a worker that runs out of memory is an error', async (t) => {
  const program = `
    import { Pipeline } from ${JSON.stringify(new URL('../../../pipeline/index.ts', import.meta.url))};
    import { mishap } from ${JSON.stringify(new URL('./stages.ts', import.meta.url))};
    const error = await Pipeline.from([1, 2]).pipe(mishap('memory', 2)).parallel(1).toArray().catch((e) => e);
    console.log(error.code, error.cause?.code);
  `;
  const args = ['--max-old-space-size=60', '--import=tsx', '--input-type=module', '-e', program];
  const stdout = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { timeout: 60_000 }, (_error, out) => resolve(out));
  });
  t.is(stdout, 'MILLRACE_WORKER ERR_WORKER_OUT_OF_MEMORY\n');
});
