/** The laws that every operator and every stage keeps, whatever it does with its records. */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { type Chunk, type Pipeline, toPlain } from '../../pipeline/index.ts';
import { untilFailure } from '../../testing/waiting.ts';
import {
  chunksOf,
  oneByOne,
  Probe,
  quiet,
  rejection,
  type Travel,
  total,
  travels,
  until,
  type Word,
  words,
} from './probes.ts';

export { untilFailure };

/** An operator of pipelines, and what it does in plain arrays. */
export interface Operator<A> {
  readonly argument: fc.Arbitrary<A>;
  /** How many pipelines there are in `others`; 0 where none is said. */
  readonly joins?: number;
  apply(pipeline: Pipeline<Word>, argument: A, others: Pipeline<Word>[]): Pipeline<unknown>;
  oracle(list: readonly Word[], argument: A, others: readonly (readonly Word[])[]): readonly unknown[];
  /**
   * How many of `list` must have been read before `count` records can leave, where that is not the shortest beginning
   * from which the oracle makes as many.
   */
  needs?(count: number, argument: A, list: readonly Word[]): number;
}

const settings = { seed: 20_150_821, numRuns: 40, includeErrorInReport: true };

/** A test that holds for whatever fast-check thinks up; the same each time. */
export function law<Ts extends [unknown, ...unknown[]]>(
  title: string,
  arbitraries: { [K in keyof Ts]: fc.Arbitrary<Ts[K]> },
  holds: (...values: Ts) => Promise<void> | void,
): void {
  test(title, async (t) => {
    await fc.assert(
      fc.asyncProperty(...arbitraries, async (...values) => void (await holds(...values))),
      settings,
    );
    t.pass();
  });
}

const plain = (records: readonly unknown[]) => records.map(toPlain);

/** Registers a test for each law. */
export function keepsTheLaws<A>(name: string, operator: Operator<A>): void {
  const { argument, joins = 0, apply } = operator;
  const travelsOfOthers = fc.array(travels, { minLength: joins, maxLength: joins });
  // The words of the others are other words.
  const from = (index: number) => 1000 * (index + 1);
  const otherProbes = (others: readonly Travel[]) =>
    others.map((travel, index) => new Probe(chunksOf(travel, from(index))));
  const onProbes = (probes: readonly Probe<Word>[], value: A) => {
    const [first, ...others] = probes.map((probe) => probe.pipeline);
    return apply(first as Pipeline<Word>, value, others);
  };
  const expected = (travel: Travel, value: A, others: readonly Travel[]) =>
    plain(
      operator.oracle(
        words(total(travel)),
        value,
        others.map((other, index) => words(total(other), from(index))),
      ),
    );

  law(
    `${name}: the records are the oracle's, however they travel and are asked for`,
    [travels, argument, travelsOfOthers],
    async (travel, value, others) => {
      const probes = [new Probe(chunksOf(travel)), ...otherProbes(others)];
      const pipeline = onProbes(probes, value);
      for (const probe of probes) assert.equal(probe.opens, 0, 'opened before anybody asked');
      const wanted = expected(travel, value, others);
      assert.deepEqual(plain(await pipeline.toArray()), wanted);
      assert.deepEqual(plain(await oneAtATime(pipeline)), wanted, 'another iteration gave something else');
      for (const probe of probes) {
        probe.assertClosed();
        assert.ok(probe.opens <= 2);
      }
    },
  );

  law(
    `${name}: whoever stops early closes everything`,
    [travels, argument, travelsOfOthers, fc.nat(12)],
    async (travel, value, others, count) => {
      const probes = [new Probe(chunksOf(travel)), ...otherProbes(others)];
      const iterator = onProbes(probes, value)[Symbol.asyncIterator]();
      const records: unknown[] = [];
      while (records.length < count) {
        const result = await iterator.next();
        if (result.done) break;
        records.push(result.value);
      }
      assert.deepEqual(plain(records), expected(travel, value, others).slice(0, count));
      assert.deepEqual(await iterator.return?.(), { done: true, value: undefined });
      for (const probe of probes) probe.assertClosed();
      if (count === 0) for (const probe of probes) assert.equal(probe.opens, 0);
      assert.deepEqual(await iterator.next(), { done: true, value: undefined });
    },
  );

  law(
    `${name}: aborted before it begins, it opens nothing and says why`,
    [travels, argument, travelsOfOthers],
    async (travel, value, others) => {
      const probes = [new Probe(chunksOf(travel)), ...otherProbes(others)];
      const reason = new Error('not today');
      assert.equal(await rejection(onProbes(probes, value).toArray(AbortSignal.abort(reason))), reason);
      const pipeline = onProbes(probes, value).withAbort(AbortSignal.abort(reason));
      assert.equal(await rejection(oneAtATime(pipeline)), reason);
      for (const probe of probes) assert.equal(probe.opens, 0);
    },
  );

  test(`${name}: an abort interrupts a read, closes everything and says why`, async (t) => {
    let interrupted = 0;
    await fc.assert(
      fc.asyncProperty(travels, argument, travelsOfOthers, fc.nat(10), async (travel, value, others, hangAt) => {
        const chunks = chunksOf(travel);
        const source = new Probe(chunks, { hangAt: Math.min(hangAt, chunks.length) });
        const probes = [source, ...otherProbes(others)];
        const controller = new AbortController();
        const outcome = onProbes(probes, value).toArray(controller.signal);
        let settled = false;
        outcome.finally(() => (settled = true)).catch(() => {});
        await until(() => source.hanging || settled);
        const reason = new Error('it takes too long');
        controller.abort(reason);
        // It may have ended without the chunk that doesn't come, as `take` does.
        if (source.hanging) assert.equal(await rejection(outcome), reason);
        else await outcome;
        for (const probe of probes) probe.assertClosed();
        if (source.hanging) interrupted++;
      }),
      settings,
    );
    t.true(interrupted > settings.numRuns / 4, `only ${interrupted} runs were interrupted`);
  });

  law(
    `${name}: an abort between reads closes everything at once and says why`,
    [travels, argument, travelsOfOthers, fc.integer({ min: 1, max: 6 })],
    async (travel, value, others, count) => {
      const probes = [new Probe(chunksOf(travel)), ...otherProbes(others)];
      const controller = new AbortController();
      const iterator = onProbes(probes, value)[Symbol.asyncIterator](controller.signal);
      const available = expected(travel, value, others).length;
      for (let read = 0; read < Math.min(count, available); read++) await iterator.next();
      const reason = new Error('enough');
      controller.abort(reason);
      await quiet();
      for (const probe of probes) probe.assertClosed();
      assert.equal(await rejection(iterator.next()), reason);
      assert.deepEqual(await iterator.next(), { done: true, value: undefined });
      for (const probe of probes) probe.assertClosed();
    },
  );

  law(
    `${name}: the source's error comes unchanged, behind the records before it, and everything is closed`,
    [travels, argument, travelsOfOthers],
    async (travel, value, others) => {
      const failing = (chunks: Chunk<Word>[]) => new Probe(chunks, { failAt: chunks.length });
      const chunks = chunksOf(travel);
      const outcomes = [];
      for (const source of [failing(chunks), failing(oneByOne(words(total(travel))))]) {
        const probes = [source, ...otherProbes(others)];
        const { records, error } = await untilFailure(onProbes(probes, value));
        if (error !== undefined) assert.equal(error, source.failure);
        for (const probe of probes) probe.assertClosed();
        outcomes.push({ records: plain(records), failed: error !== undefined });
      }
      assert.deepEqual(outcomes[0], outcomes[1]);
    },
  );

  law(
    `${name}: no more is read than the records that were asked for need`,
    [argument, fc.nat(30), fc.integer({ min: 1, max: 10 })],
    async (value, length, count) => {
      const list = words(length);
      const shorter = Array.from({ length: joins }, (_, index) => words(length >> 1, from(index)));
      const probes = [list, ...shorter].map((each) => new Probe(oneByOne(each)));
      if (count >= operator.oracle(list, value, shorter).length) return;
      const iterator = onProbes(probes, value)[Symbol.asyncIterator]();
      for (let read = 0; read < count; read++) await iterator.next();
      await quiet();
      const needed = operator.needs?.(count, value, list) ?? shortestBeginning(count, value, list);
      assert.equal(
        probes.reduce((sum, { given }) => sum + given, 0),
        needed,
      );
      await iterator.return?.();
      for (const probe of probes) probe.assertClosed();
    },
  );

  function shortestBeginning(count: number, value: A, list: readonly Word[]): number {
    let length = 0;
    while (operator.oracle(list.slice(0, length), value, []).length < count) length++;
    return length;
  }
}

/** Registers a test for each law of operators that call a function of the user's on each record. */
export function keepsTheLawsOfFunctions(
  name: string,
  apply: (pipeline: Pipeline<Word>, look: (word: Word) => void | Promise<void>) => Pipeline<unknown>,
): void {
  for (const kind of ['synchronous', 'asynchronous'] as const) {
    law(
      `${name}: the error of ${kind} functions comes unchanged, behind the records before it, and the source is closed`,
      [travels, fc.nat(12)],
      async (travel, failAt) => {
        const source = new Probe(chunksOf(travel));
        const failure = new Error('the function failed');
        const look = ({ id }: Word) => {
          if (id === failAt) throw failure;
        };
        const pipeline = apply(source.pipeline, kind === 'synchronous' ? look : async (word) => look(word));
        const { records, error } = await untilFailure(pipeline);
        assert.equal(error, total(travel) > failAt ? failure : undefined);
        assert.equal(records.length, Math.min(total(travel), failAt));
        source.assertClosed();
      },
    );
  }

  law(`${name}: an abort interrupts a function that never answers`, [travels, fc.nat(12)], async (travel, at) => {
    const source = new Probe(chunksOf(travel));
    let hanging = false;
    const look = async ({ id }: Word) => {
      if (id !== at) return;
      hanging = true;
      await new Promise(() => {});
    };
    const controller = new AbortController();
    const outcome = apply(source.pipeline, look).toArray(controller.signal);
    if (total(travel) <= at) await outcome;
    else {
      await until(() => hanging);
      const reason = new Error('it takes too long');
      controller.abort(reason);
      assert.equal(await rejection(outcome), reason);
    }
    source.assertClosed();
  });
}

async function oneAtATime<T>(pipeline: AsyncIterable<T>): Promise<T[]> {
  const records: T[] = [];
  for await (const record of pipeline) records.push(record);
  return records;
}
