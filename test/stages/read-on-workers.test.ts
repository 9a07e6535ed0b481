// One after the other: to start a thread takes a second where nothing was compiled beforehand.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { MillraceError, type Pipeline, type RejectCounts, toPlain } from '../../pipeline/index.ts';
import {
  bucket,
  ids,
  lowercase,
  parse,
  readLines,
  type SentencePair,
  tokenize,
  transitions,
  Vocabulary,
} from '../../stages/index.ts';
import { untilFailure } from '../pipeline/laws.ts';
import { changingOver, outcomeOf, policies } from '../pipeline/parallel/outcome.ts';
import { snliFile, snliText } from './arbitraries.ts';
import { assertClosed, temporaryFolder, zipOf } from './files.ts';
import { serve } from './server.ts';

const vocabulary = new Vocabulary(['<pad>', '<unk>', '.', 'a', 'constructor', 'café']);

const toIds = (lines: ReturnType<typeof readLines>) =>
  lines.pipe(parse('snli'), tokenize<SentencePair>('parse'), lowercase(), ids(vocabulary));

/** Rows of many blocks. */
const rows = Array.from({ length: 9000 }, (_, row) =>
  snliText({ pairID: `p${row}`, captionID: 'c'.repeat(row % 700) }),
);
const corpus = Buffer.from(rows.join('\r\n'));
const notes = Buffer.from('no row\n');

const kinds: Readonly<Record<string, (file: Uint8Array) => Uint8Array>> = {
  text: (file) => file,
  gzip: (file) => gzipSync(file),
  zip: (file) => zipOf([{ name: 'corpus.jsonl', data: file }]),
  'zip of several': (file) =>
    zipOf([
      { name: 'a.jsonl', data: file },
      { name: 'b.jsonl', data: file },
    ]),
};

test.serial('any file gives the same records, bad records, counts and errors at any number of workers', async (t) => {
  const path = join(await temporaryFolder(t), 'corpus');
  await fc.assert(
    fc.asyncProperty(
      snliFile,
      fc.constantFrom(...Object.keys(kinds)),
      fc.integer({ min: 1, max: 2 }),
      policies,
      async (text, kind, workers, policy) => {
        const write = kinds[kind] as (file: Uint8Array) => Uint8Array;
        await writeFile(path, write(Buffer.from(text)));
        const pipeline = toIds(readLines(kind === 'zip of several' ? `${path}#*.jsonl` : path));
        // The blocks and lines of a run that fails are counted as far as it had come.
        const wanted = await outcomeOf(pipeline, policy, 0);
        const from = wanted.failure === undefined ? 0 : 2;
        const compared = ({ stages, ...others }: typeof wanted) => ({ ...others, stages: stages.slice(from) });
        assert.deepEqual(compared(await outcomeOf(pipeline.parallel(workers), policy, 0)), compared(wanted));
      },
    ),
    { seed: 6, numRuns: 60, includeErrorInReport: true },
  );
  await assertClosed(t, path);
});

test.serial('lines alone, and lines of other files', async (t) => {
  const path = join(await temporaryFolder(t), 'notes.txt');
  for (const text of ['', '\n', 'one', 'one\ntwo\r\n\nthree', '\ufeffone\ntwo\n']) {
    await writeFile(path, text);
    const wanted = (await readLines(path).toArray()).map(toPlain);
    for (const workers of [1, 2]) {
      t.deepEqual((await readLines(path).parallel(workers).toArray()).map(toPlain), wanted);
    }
  }
});

test.serial(
  'lines that are refused are told of with the same counts, those of each stage in their order',
  async (t) => {
    const path = join(await temporaryFolder(t), 'corpus.jsonl');
    const some = rows.slice(0, 4000).map((row, n) => (n % 400 === 7 ? row.replace('dreams', 'dr\u00e9ams') : row));
    some[1300] = '{';
    some[2600] = 'x'.repeat(5000);
    await writeFile(path, Buffer.from(some.join('\n'), 'latin1'));
    const pipeline = readLines(path, { invalid: 'reject', limits: { lineBytes: 3000 } }).pipe(parse('snli'));
    // Of two workers, the one that finds lines is ahead of the one that parses them.
    const byStage = ({ rejected, ...others }: Awaited<ReturnType<typeof outcomeOf>>) => {
      const of = (stage: string) => rejected.filter((one) => (one as { counts: RejectCounts }).counts.stage === stage);
      return { ...others, rejected: [...of('lines'), ...of('parse')] };
    };
    for (const policy of ['fail', 'keep'] as const) {
      const wanted = byStage(await outcomeOf(pipeline, policy, 2));
      t.is(wanted.rejected.length, policy === 'keep' ? 12 : 0);
      for (const workers of [1, 2])
        t.deepEqual(byStage(await outcomeOf(pipeline.parallel(workers), policy, 2)), wanted);
    }
    const ended = (workers: number) => outcomeOfLimit(pipeline.parallel(workers), '0.4%');
    const wanted = await ended(0);
    t.regex(wanted.message, /records of lines are bad; expected at most 0\.4%/);
    for (const workers of [1, 2]) t.deepEqual(await ended(workers), wanted);
  },
);

async function outcomeOfLimit(pipeline: Pipeline<unknown>, limit: string) {
  const { records, error } = await untilFailure(pipeline.onError('skip', limit));
  return { records: records.map(toPlain), message: (error as Error).message };
}

test.serial('stopped anywhere in a large archive and resumed, at any numbers of workers', async (t) => {
  const path = join(await temporaryFolder(t), 'corpus.zip');
  await writeFile(path, zipOf([{ name: 'corpus.jsonl', data: corpus }]));
  t.true(corpus.length > 3 << 20);
  const pipelines: Record<string, (workers: number) => Pipeline<unknown>> = {
    pairs: (workers) => readLines(path).pipe(parse('snli')).parallel(workers),
    moves: (workers) => readLines(path).pipe(parse('snli'), transitions()).parallel(workers),
    batches: (workers) =>
      toIds(readLines(path))
        .parallel(workers)
        .pipe(bucket<SentencePair>({ size: 64 })),
  };
  const text = (record: unknown) => JSON.stringify(toPlain(record));
  for (const [name, make] of Object.entries(pipelines)) {
    const all = (await make(0).toArray()).map(text);
    const stops = [1, 2, all.length >> 3, all.length >> 1, all.length - 1, all.length];
    for (const [i, stop] of stops.entries()) {
      const states: string[] = [];
      for (const workers of [0, 1, 2]) {
        const run = make(workers);
        const iterator = run[Symbol.asyncIterator]();
        for (let n = 0; n < stop; n++) {
          const { value } = await iterator.next();
          if (n === stop - 1) t.is(text(value), all[n] as string);
        }
        states.push(JSON.stringify(run.state()));
        await iterator.return?.();
      }
      t.is(states[1], states[0], `${name}: one worker, after ${stop}`);
      t.is(states[2], states[0], `${name}: two workers, after ${stop}`);
      const rest = make((i + 1) % 3).resume(JSON.parse(states[i % 3] as string));
      t.deepEqual((await rest.toArray()).map(text), all.slice(stop), `${name}: after ${stop}`);
    }
  }
  await assertClosed(t, path);
});

test.serial('damage is the same error, behind the same records', async (t) => {
  const path = join(await temporaryFolder(t), 'corpus.zip');
  const zip = zipOf([{ name: 'corpus.jsonl', data: corpus }]);
  const told = async (pipeline: Pipeline<unknown>) => {
    let count = 0;
    const error = await t.throwsAsync(
      (async () => {
        for await (const _ of pipeline) count++;
      })(),
      { instanceOf: MillraceError },
    );
    return { count, error: JSON.stringify(error) };
  };
  for (const at of [zip.length >> 1, zip.length - 200]) {
    const damaged = Buffer.from(zip);
    damaged[at] = (damaged[at] as number) ^ 0x10;
    await writeFile(path, damaged);
    const wanted = await told(readLines(path).pipe(parse('snli')));
    for (const workers of [1, 2]) {
      t.deepEqual(await told(readLines(path).pipe(parse('snli')).parallel(workers)), wanted);
    }
    await assertClosed(t, path);
  }
  for (const spec of [`${path}-not`, `${path}#no-such-entry`, 'nli:no-such-corpus']) {
    const wanted = await told(readLines(spec).pipe(parse('snli')));
    t.deepEqual(await told(readLines(spec).pipe(parse('snli')).parallel(1)), wanted);
  }
});

test.serial('whoever stops early, or aborts, closes the file', async (t) => {
  const path = join(await temporaryFolder(t), 'corpus.zip');
  await writeFile(
    path,
    zipOf([
      { name: 'corpus.jsonl', data: corpus },
      { name: 'notes.txt', data: notes },
    ]),
  );
  const make = () => toIds(readLines(`${path}#corpus.jsonl`)).parallel(1);
  for (const stop of [1, 500, 3000]) {
    let count = 0;
    for await (const _ of make()) if (++count === stop) break;
    await assertClosed(t, path);
    const controller = new AbortController();
    const reason = new Error('enough');
    const aborted = make().tap((_, index) => {
      if (index === stop) controller.abort(reason);
    });
    t.is(await t.throwsAsync(aborted.toArray(controller.signal)), reason);
    await assertClosed(t, path);
  }
});

test.serial('in the course of a run the reading moves to a worker', async (t) => {
  const path = join(await temporaryFolder(t), 'corpus.zip');
  await writeFile(path, zipOf([{ name: 'corpus.jsonl', data: corpus }]));
  const text = (record: unknown) => JSON.stringify(toPlain(record));
  const all = (await toIds(readLines(path)).toArray()).map(text);
  for (const workers of [1, 2]) {
    for (const after of [0, 1, 2]) {
      const changing = changingOver(toIds(readLines(path)), after, workers);
      t.deepEqual((await changing.toArray()).map(text), all);
      t.deepEqual(
        changing.report().stages.map((stage) => stage.workers),
        [workers, workers, workers, workers, workers, workers],
      );
    }
  }
});

test.serial('pipes are read in the main thread, since nobody else could read them again', async (t) => {
  if (process.platform === 'win32') return t.pass();
  const file = join(await temporaryFolder(t), 'rows.jsonl');
  await writeFile(file, rows.slice(0, 20).join('\n'));
  const program = `
    import { readLines, parse } from ${JSON.stringify(new URL('../../stages/index.ts', import.meta.url))};
    const pipeline = readLines(process.argv[1]).pipe(parse('snli')).parallel(Number(process.argv[2]));
    const pairs = await pipeline.toArray();
    console.log(pairs.length, ...pipeline.report().stages.map(({ workers = 0 }) => workers));
  `;
  const command = 'cat "$2" | "$0" --import=tsx --input-type=module -e "$1" -- "$3" 2';
  for (const source of ['-', '/dev/stdin']) {
    const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, program, file, source]);
    t.is(stdout, '20 0 0 2\n');
  }
});

test.serial(
  'what is downloaded is read in the main thread while it comes, and in the worker the next time',
  async (t) => {
    const folder = await temporaryFolder(t);
    const archive = join(folder, 'corpus.zip');
    await writeFile(archive, zipOf([{ name: 'corpus.jsonl', data: Buffer.from(rows.slice(0, 50).join('\n')) }]));
    const { base } = await serve(t, async (_, response) => response.end(await readFile(archive)));
    let progress = 0;
    const onProgress = () => progress++;
    const cacheDir = join(folder, 'cache');
    const opened = () => readLines(`${base}corpus.zip`, { cacheDir, onProgress }).pipe(parse('snli')).parallel(1);
    const first = opened();
    const pairs = await first.toArray();
    t.is(pairs.length, 50);
    t.deepEqual(toPlain(pairs[49]?.origin), { source: `${base}corpus.zip`, entry: 'corpus.jsonl', line: 50 });
    t.true(progress > 0);
    t.deepEqual(
      first.report().stages.map(({ workers }) => workers),
      [undefined, undefined, 1],
    );
    const second = opened();
    t.deepEqual((await second.toArray()).map(toPlain), pairs.map(toPlain));
    t.deepEqual(
      second.report().stages.map(({ workers }) => workers),
      [1, 1, 1],
    );
  },
);
