import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { FrameReader } from '../../../pipeline/cache/frame-file.ts';
import {
  ArrayChunk,
  ColumnChunk,
  defineStage,
  fingerprint,
  isIntact,
  listCaches,
  MillraceError,
  Pipeline,
  type Report,
  toPlain,
} from '../../../pipeline/index.ts';
import { version } from '../../../pipeline/version.ts';
import { openHandles } from '../../stages/files.ts';
import { law, untilFailure } from '../laws.ts';
import { chunksOf, oneByOne, quiet, rejection, total, travels, until, type Word, words } from '../probes.ts';
import { filesIn, KnownProbe, withFolder } from './folders.ts';

async function plain(pipeline: Pipeline<unknown>): Promise<unknown[]> {
  return (await pipeline.toArray()).map(toPlain);
}

law('the first pass, the second and the one without a cache give the same', [travels, fc.nat(2)], (travel, kind) =>
  withFolder(async (folder) => {
    const probe = new KnownProbe(chunksOf(travel));
    const stages = [
      (words: Pipeline<Word>) => words,
      (words: Pipeline<Word>) => words.filter(({ id }) => id % 3 !== 1),
      (words: Pipeline<Word>) => words.shuffle(7, 1),
    ];
    const made = stages[kind]?.(probe.pipeline) as Pipeline<Word>;
    const wanted = await plain(made);
    const { opens } = probe;
    const cached = made.cache(folder);
    assert.equal(probe.opens, opens, 'opened before anybody asked');
    assert.deepEqual(await plain(cached), wanted);
    assert.equal(probe.opens, opens + 1);
    assert.deepEqual(await plain(cached), wanted);
    assert.deepEqual(await plain(made.cache(folder)), wanted, 'another pipeline of the same definition');
    assert.equal(probe.opens, opens + 1, 'the source was read although it is cached');
    probe.assertClosed();
    assert.equal((await filesIn(folder)).length, 1);
  }),
);

test('tables come back as tables, chunk by chunk', async (t) => {
  await withFolder(async (folder) => {
    const probe = new KnownProbe(chunksOf({ sizes: [3, 0, 5, 1], as: 'both in turn' }));
    const cached = probe.pipeline.cache(folder);
    const kinds = async () => {
      const found: unknown[] = [];
      for await (const chunk of cached.chunks()) found.push([chunk.constructor.name, chunk.length]);
      return found.filter((kind) => (kind as unknown[])[1] !== 0);
    };
    const first = await kinds();
    t.deepEqual(first, [
      [ColumnChunk.name, 3],
      [ColumnChunk.name, 5],
      [ArrayChunk.name, 1],
    ]);
    t.deepEqual(await kinds(), first);
  });
});

law('whoever stops early leaves nothing, and is given the same again', [travels, fc.nat(12)], (travel, count) =>
  withFolder(async (folder) => {
    const probe = new KnownProbe(chunksOf(travel));
    const cached = probe.pipeline.cache(folder);
    const iterator = cached[Symbol.asyncIterator]();
    let ended = false;
    for (let read = 0; read < count && !ended; read++) ended = (await iterator.next()).done ?? false;
    await iterator.return?.();
    probe.assertClosed();
    assert.equal((await filesIn(folder)).length, ended ? 1 : 0);
    const { opens } = probe;
    assert.deepEqual(await plain(cached), words(total(travel)).map(toPlain));
    assert.equal(probe.opens, ended ? opens : opens + 1);
  }),
);

test('records that are taken to the last one are not known to be all', async (t) => {
  await withFolder(async (folder) => {
    const cached = new KnownProbe(oneByOne(words(4))).pipeline.cache(folder);
    await cached.take(4).toArray();
    t.deepEqual(await filesIn(folder), []);
    await cached.take(5).toArray();
    t.is((await filesIn(folder)).length, 1);
  });
});

law('an error leaves nothing, and comes behind the records before it', [travels], (travel) =>
  withFolder(async (folder) => {
    const chunks = chunksOf(travel);
    const probe = new KnownProbe(chunks, { failAt: chunks.length });
    const { records, error } = await untilFailure(probe.pipeline.cache(folder));
    assert.equal(error, probe.failure);
    assert.deepEqual(records.map(toPlain), words(total(travel)).map(toPlain));
    assert.deepEqual(await filesIn(folder), []);
    probe.assertClosed();
  }),
);

test('an abort leaves nothing, while a chunk is waited for and while the consumer rests', async (t) => {
  await withFolder(async (folder) => {
    const reason = new Error('enough');
    const hanging = new KnownProbe(oneByOne(words(3)), { hangAt: 2 });
    const controller = new AbortController();
    const outcome = hanging.pipeline.cache(folder).toArray(controller.signal);
    outcome.catch(() => {});
    await until(() => hanging.hanging);
    t.is((await filesIn(folder)).length, 1);
    controller.abort(reason);
    t.is(await rejection(outcome), reason);
    hanging.assertClosed();
    t.deepEqual(await filesIn(folder), []);

    const probe = new KnownProbe(oneByOne(words(3)));
    const resting = new AbortController();
    const iterator = probe.pipeline.cache(folder)[Symbol.asyncIterator](resting.signal);
    await iterator.next();
    resting.abort(reason);
    while ((await filesIn(folder)).length > 0) await quiet();
    probe.assertClosed();
    t.is(await rejection(iterator.next()), reason);
  });
});

law('a damaged file is never believed, and made again', [travels, fc.nat(), fc.nat(7)], (travel, place, bit) =>
  withFolder(async (folder) => {
    const probe = new KnownProbe(chunksOf(travel));
    const cached = probe.pipeline.cache(folder);
    const wanted = words(total(travel)).map(toPlain);
    await cached.toArray();
    const [path] = (await filesIn(folder)) as [string];
    const bytes = await readFile(path);
    const at = place % bytes.length;
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] as number) ^ (1 << bit);
    await writeFile(path, damaged);
    const [entry] = await listCaches(folder);
    assert.equal(await isIntact(entry as NonNullable<typeof entry>), false);

    assert.deepEqual(await plain(cached), wanted);
    assert.equal(cached.report().stages[0]?.tallies['damaged cache files'], 1);
    assert.deepEqual(await readFile(path), bytes, 'it was not made again');
    assert.equal(probe.opens, 2);
    assert.deepEqual(await plain(cached), wanted);
    assert.deepEqual(cached.report().stages[0]?.tallies, {});
    assert.equal(probe.opens, 2);
  }),
);

test('another source, definition, option or function is another cache', async (t) => {
  await withFolder(async (folder) => {
    const opensOf = async (make: (pipeline: Pipeline<Word>) => Pipeline<unknown>, contents = 'the contents') => {
      const probe = new KnownProbe(oneByOne(words(4)), {}, contents);
      await make(probe.pipeline).cache(folder).toArray();
      return probe.opens;
    };
    const stage = (by: number) =>
      defineStage<Word, Word>({ name: 'same', options: { by }, record: (word) => word }).spec;
    const other = defineStage<Word, Word>({ name: 'same', options: { by: 1 }, record: (word) => ({ ...word }) }).spec;
    const variants: [make: (pipeline: Pipeline<Word>) => Pipeline<unknown>, contents?: string][] = [
      [(pipeline) => pipeline],
      [(pipeline) => pipeline, 'other contents'],
      [(pipeline) => pipeline.take(2)],
      [(pipeline) => pipeline.take(3)],
      [(pipeline) => pipeline.skip(3)],
      [(pipeline) => pipeline.skip(3).take(3)],
      [(pipeline) => pipeline.take(3).skip(3)],
      [(pipeline) => pipeline.map(({ id }) => id)],
      [(pipeline) => pipeline.map(({ id }) => id + 1)],
      [(pipeline) => pipeline.map((word) => word.id)],
      [(pipeline) => pipeline.filter(({ id }) => id > 1)],
      [(pipeline) => pipeline.filter(({ id }) => id > 2)],
      [(pipeline) => pipeline.stage(stage(1))],
      [(pipeline) => pipeline.stage(stage(2))],
      [(pipeline) => pipeline.stage(other)],
      [(pipeline) => pipeline.concat(pipeline.take(1))],
      [(pipeline) => pipeline.concat(pipeline.take(2))],
      [(pipeline) => pipeline.interleave(pipeline.take(2))],
    ];
    for (const [make, contents] of variants) t.true((await opensOf(make, contents)) >= 1);
    t.is((await filesIn(folder)).length, variants.length, 'two of them share a cache');
    for (const [make, contents] of variants) t.is(await opensOf(make, contents), 0);
  });
});

test('the key is made of all that the header tells, the versions too', async (t) => {
  await withFolder(async (folder) => {
    await new KnownProbe(oneByOne(words(1))).pipeline.take(1).cache(folder).take(2).toArray();
    const [path] = (await filesIn(folder)) as [string];
    const file = await FrameReader.open(path);
    await file.close();
    t.is(basename(path), `${fingerprint(file.header)}.millrace`);
    const header = file.header as Record<string, never>;
    t.deepEqual(Object.keys(header).sort(), ['definition', 'format', 'identity', 'limits', 'millrace', 'serial']);
    t.is(header.millrace, version as never);
    for (const name of Object.keys(header)) t.not(fingerprint({ ...header, [name]: 'other' }), fingerprint(header));
  });
});

test('a source that changes while it is read is not cached', async (t) => {
  await withFolder(async (folder) => {
    const probe = new KnownProbe(oneByOne(words(3)));
    const cached = probe.pipeline.cache(folder);
    for await (const { id } of cached) if (id === 1) probe.contents = 'changed';
    t.deepEqual(await filesIn(folder), []);
    t.is((await cached.toArray()).length, 3);
    t.is(probe.opens, 2);
    t.is((await filesIn(folder)).length, 1);
  });
});

test('sources that nobody could tell apart are refused at once', (t) => {
  const sources = [
    Pipeline.from([1, 2]),
    Pipeline.from([1]).concat(new KnownProbe<number>([]).pipeline),
    Pipeline.from([1]).map((n) => n),
  ];
  for (const pipeline of sources) {
    const error = t.throws(() => pipeline.cache('/nowhere'), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_USAGE');
    t.regex(error.message, /identify/);
  }
});

test('a folder that cannot be written ends the run, and says which', async (t) => {
  await withFolder(async (folder) => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const probe = new KnownProbe(oneByOne(words(3)));
    const error = await t.throwsAsync(probe.pipeline.cache(join(file, 'within')).toArray(), {
      instanceOf: MillraceError,
    });
    t.is(error.code, 'MILLRACE_NOT_FOUND');
    t.true(error.message.includes(file));
  });
});

test('records that would not come back as they are end the run and leave nothing', async (t) => {
  await withFolder(async (folder) => {
    const probe = new KnownProbe(oneByOne([1, new Error('not plain')]));
    const error = await t.throwsAsync(probe.pipeline.cache(folder).toArray(), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_SHAPE');
    t.deepEqual(await filesIn(folder), []);
    probe.assertClosed();
  });
});

/** Drops 1, rejects 2, counts all. */
const picky = defineStage<Word, Word>({
  name: 'picky',
  record(word, context) {
    context.tally('letters', word.letters?.length ?? 0);
    if (word.id % 5 === 1) return context.drop('ends with 1 or 6');
    if (word.id % 5 === 2) throw new MillraceError('MILLRACE_BAD_RECORD', 'bad', { found: word.id });
    return word;
  },
});

/** Rejected, dropped and tallied in all stages together. */
function countsOf({ stages }: Report) {
  const sum = (all: readonly Readonly<Record<string, number>>[]) => {
    const figures: Record<string, number> = {};
    for (const one of all) for (const [name, n] of Object.entries(one)) figures[name] = (figures[name] ?? 0) + n;
    return figures;
  };
  return {
    rejected: stages.reduce((all, { rejected }) => all + rejected, 0),
    dropped: sum(stages.map(({ dropped }) => dropped)),
    tallies: sum(stages.map(({ tallies }) => tallies)),
  };
}

law('what was left out and counted is reported from the file too, through caches of caches', [travels], (travel) =>
  withFolder(async (folder) => {
    const probe = new KnownProbe(chunksOf(travel));
    const made = probe.pipeline
      .pipe(picky)
      .concat(probe.pipeline.filter(({ id }) => id > 3))
      .onError('skip');
    const wanted = await plain(made);
    const counts = countsOf(made.report());
    const cached = made.cache(folder);
    await cached.toArray();
    assert.deepEqual(countsOf(cached.report()), counts);
    assert.deepEqual(await plain(cached), wanted);
    assert.deepEqual(countsOf(cached.report()), counts);
    assert.equal(cached.report().stages.length, 1);
    const twice = cached.take(1000).cache(folder);
    for (let pass = 0; pass < 2; pass++) {
      assert.deepEqual(await plain(twice), wanted);
      assert.deepEqual(countsOf(twice.report()), counts);
    }
  }),
);

test('a cache from which bad records were left out is for those who skip them', async (t) => {
  await withFolder(async (folder) => {
    const probe = new KnownProbe(chunksOf({ sizes: [5, 5], as: 'tables' }));
    const cached = probe.pipeline.pipe(picky).cache(folder);
    t.is((await cached.onError('skip').toArray()).length, 6);
    t.is((await filesIn(folder)).length, 1);

    const { records, error } = await untilFailure(cached.onError('fail'));
    t.deepEqual(
      records.map(({ id }) => id),
      [0],
    );
    t.is((error as MillraceError).code, 'MILLRACE_BAD_RECORD');

    const heard: unknown[] = [];
    const listening = cached.onError({ reject: (_, raw) => void heard.push((raw as Word).id) });
    for (let pass = 0; pass < 2; pass++) t.is((await listening.toArray()).length, 6);
    t.deepEqual(heard, [2, 7, 2, 7]);

    const { opens } = probe;
    t.is((await cached.onError('skip').toArray()).length, 6);
    t.is(probe.opens, opens);
  });
});

test('a policy of the cached pipeline itself counts before that of who reads it', async (t) => {
  await withFolder(async (folder) => {
    const probe = new KnownProbe(chunksOf({ sizes: [5], as: 'tables' }));
    const cached = probe.pipeline.pipe(picky).onError('skip').cache(folder);
    for (let pass = 0; pass < 2; pass++) t.is((await cached.onError('fail').toArray()).length, 3);
    t.is(probe.opens, 1);
  });
});

law('several at once do not disturb one another', [travels], (travel) =>
  withFolder(async (folder) => {
    const cached = new KnownProbe(chunksOf(travel)).pipeline.cache(folder);
    const wanted = words(total(travel)).map(toPlain);
    const stopped = cached[Symbol.asyncIterator]();
    await stopped.next();
    const all = await Promise.all([plain(cached), plain(cached), stopped.return?.(), plain(cached)]);
    for (const records of [all[0], all[1], all[3]]) assert.deepEqual(records, wanted);
    assert.equal((await filesIn(folder)).length, 1);
    assert.deepEqual(await plain(cached), wanted);
  }),
);

test('several processes do not disturb one another', async (t) => {
  await withFolder(async (folder) => {
    const url = (path: string) => new URL(path, import.meta.url).href;
    const script = `
      import { ArrayChunk, Pipeline } from '${url('../../../pipeline/index.ts')}';
      const source = {
        name: 'numbers',
        identify: async () => 'the same in both',
        async *open() {
          for (let i = 0; i < 200; i++) yield new ArrayChunk([{ i, text: 'x'.repeat(20_000) }]);
        },
      };
      const cached = Pipeline.fromSource(source).cache(${JSON.stringify(folder)});
      let sum = 0;
      for (let pass = 0; pass < 2; pass++) for await (const { i, text } of cached) sum += i * text.length;
      console.log(sum);`;
    const run = () =>
      promisify(execFile)(process.execPath, [
        '--import',
        import.meta.resolve('tsx'),
        '--input-type=module',
        '-e',
        script,
      ]);
    const outputs = await Promise.all([run(), run(), run()]);
    for (const { stdout } of outputs) t.is(stdout, `${2 * 20_000 * ((200 * 199) / 2)}\n`);
    const [entry, ...others] = await listCaches(folder);
    t.deepEqual(others, []);
    t.is(entry?.rows, 200);
    t.true(await isIntact(entry as NonNullable<typeof entry>));
  });
});

test('whoever stops early while it is read leaves no file open', async (t) => {
  await withFolder(async (folder) => {
    const cached = new KnownProbe(oneByOne(words(50))).pipeline.cache(folder);
    await cached.toArray();
    for await (const _ of cached) break;
    const controller = new AbortController();
    const iterator = cached[Symbol.asyncIterator](controller.signal);
    await iterator.next();
    controller.abort();
    await rejection(iterator.next());
    t.is((await openHandles(folder)) ?? 0, 0);
  });
});

test('who changes what was given changes no cache', async (t) => {
  await withFolder(async (folder) => {
    const make = () => [{ ids: Int32Array.of(1, 2) }, { ids: Int32Array.of(3) }];
    const cached = new KnownProbe([new ArrayChunk(make())]).pipeline.cache(folder);
    for (let pass = 0; pass < 3; pass++) {
      const records = await cached.toArray();
      t.deepEqual(records, make());
      for (const { ids } of records) ids.fill(99);
    }
  });
});

law(
  'a stopped run goes on exactly, whether it was read from the file or not',
  [travels, fc.integer({ min: 1, max: 12 }), fc.boolean()],
  (travel, count, warm) =>
    withFolder(async (folder) => {
      const cached = new KnownProbe(chunksOf(travel)).pipeline.cache(folder).filter(({ id }) => id % 4 !== 2);
      const wanted = await plain(new KnownProbe(chunksOf(travel)).pipeline.filter(({ id }) => id % 4 !== 2));
      if (warm) await cached.toArray();
      const iterator = cached[Symbol.asyncIterator]();
      for (let read = 0; read < count; read++) await iterator.next();
      const state = JSON.parse(JSON.stringify(cached.state()));
      await iterator.return?.();
      assert.deepEqual(await plain(cached.resume(state)), wanted.slice(count));
    }),
);
