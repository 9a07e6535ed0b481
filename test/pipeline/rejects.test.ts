import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  defineStage,
  failOnReject,
  MillraceError,
  type Origin,
  Pipeline,
  parseOnError,
  quarantineRejects,
  skipRejects,
} from '../../pipeline/index.ts';
import { tableOf, words } from './probes.ts';

async function quarantine(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'new', 'bad.jsonl');
}

interface Row {
  readonly error: Record<string, unknown>;
  readonly raw?: unknown;
  readonly rawBase64?: string;
}

async function rows(path: string): Promise<Row[]> {
  const text = await readFile(path, 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Row);
}

function bad(line?: number): MillraceError {
  const origin: Origin | undefined = line === undefined ? undefined : { source: 'a.txt', line };
  return new MillraceError('MILLRACE_BAD_RECORD', 'It is odd', { ...(origin && { origin }), expected: 'even' });
}

/** Odd numbers are bad records. */
const even = defineStage<number, number>({
  name: 'even',
  record(value) {
    if (value % 2 === 1) throw bad(value);
    return value;
  },
});

test('by default, and on request, the first bad record ends the run with its error', async (t) => {
  for (const pipeline of [Pipeline.from([0, 1, 2]).pipe(even), Pipeline.from([0, 1, 2]).pipe(even).onError('fail')]) {
    const given: number[] = [];
    const error = await t.throwsAsync(
      pipeline.forEach((value) => void given.push(value)),
      { code: 'MILLRACE_BAD_RECORD' },
    );
    t.is(error?.message, 'a.txt:1: It is odd; expected even');
    t.deepEqual(given, [0]);
    t.is(pipeline.report().stages[1]?.rejected, 1);
  }
  t.throws(() => failOnReject.reject(bad(), 1));
});

test('skipped records are left out and counted', async (t) => {
  const pipeline = Pipeline.from([0, 1, 2, 3, 4]).pipe(even).onError('skip');
  t.deepEqual(await pipeline.toArray(), [0, 2, 4]);
  t.is(pipeline.report().stages[1]?.rejected, 2);
  t.notThrows(() => skipRejects.reject(bad(), 1));
});

test('the policy holds for all stages, before it and behind it', async (t) => {
  t.deepEqual(await Pipeline.from([1, 2]).onError('skip').pipe(even).toArray(), [2]);
  t.deepEqual(
    await Pipeline.from([1, 2])
      .pipe(even)
      .onError('skip')
      .map((x) => x)
      .toArray(),
    [2],
  );
});

test('quarantined records are left out, counted and written, once however many epochs there are', async (t) => {
  const path = await quarantine(t);
  const pipeline = Pipeline.from([0, 1, 2, 3]).pipe(even).onError(`quarantine:${path}`);
  t.deepEqual(await rows(path), []);
  for (let epoch = 0; epoch < 3; epoch++) {
    t.deepEqual(await pipeline.toArray(), [0, 2]);
    t.is(pipeline.report().stages[1]?.rejected, 2);
    t.deepEqual(
      (await rows(path)).map(({ raw }) => raw),
      [1, 3],
    );
  }
  t.deepEqual((await rows(path))[0]?.error, {
    code: 'MILLRACE_BAD_RECORD',
    message: 'a.txt:1: It is odd; expected even',
    origin: { source: 'a.txt', line: 1 },
    expected: 'even',
  });
});

test('raw bytes come back exactly, whatever they are', async (t) => {
  const path = await quarantine(t);
  const policy = quarantineRejects(path);
  const all = [
    Buffer.from('plain'),
    Buffer.from('é😀 \u2028\n"quoted"'),
    Buffer.from('\ufeffmarked'),
    Buffer.from([0, 1, 2]),
    Buffer.from([]),
    Buffer.from([0xff, 0xfe, 97]),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from([0xc0, 0x80]),
    new Uint8Array(Buffer.from('..é..')).subarray(2, 4),
    new Uint8Array(Buffer.from('..é..')).subarray(2, 3),
  ];
  all.forEach((bytes, line) => {
    policy.reject(bad(line), bytes);
  });
  const written = await rows(path);
  t.is(written.length, all.length);
  written.forEach(({ raw, rawBase64 }, line) => {
    const back = rawBase64 === undefined ? Buffer.from(String(raw)) : Buffer.from(rawBase64, 'base64');
    t.true(back.equals(all[line]!), `bytes ${line}`);
    t.true((raw === undefined) !== (rawBase64 === undefined));
  });
  t.deepEqual(
    written.flatMap(({ rawBase64 }, line) => (rawBase64 === undefined ? [] : [line])),
    [5, 6, 7, 9],
  );
});

test('texts, records and views are written as they are', async (t) => {
  const path = await quarantine(t);
  const policy = quarantineRejects(path);
  const all = ['a "line"', { id: 1, ids: Int32Array.of(1, 2) }, tableOf(words(1)).get(0), '\ud800'];
  all.forEach((raw, line) => {
    policy.reject(bad(line), raw);
  });
  t.deepEqual(
    (await rows(path)).map(({ raw }) => raw),
    ['a "line"', { id: 1, ids: [1, 2] }, words(1)[0], '\ud800'],
  );
});

test('records without a line are told apart by what they are; entries of an archive by their names', async (t) => {
  const path = await quarantine(t);
  const policy = quarantineRejects(path);
  for (let epoch = 0; epoch < 2; epoch++) {
    policy.reject(bad(), 'a');
    policy.reject(bad(), 'b');
    for (const entry of ['one', 'two']) {
      const origin = { source: 'a.zip', entry, line: 1 };
      policy.reject(new MillraceError('MILLRACE_BAD_RECORD', 'It is odd', { origin }), 'c');
    }
  }
  t.deepEqual(
    (await rows(path)).map(({ raw }) => raw),
    ['a', 'b', 'c', 'c'],
  );
});

test('a new run begins a new file', async (t) => {
  const path = await quarantine(t);
  quarantineRejects(path).reject(bad(1), 'a');
  quarantineRejects(path).reject(bad(1), 'b');
  t.deepEqual(
    (await rows(path)).map(({ raw }) => raw),
    ['b'],
  );
});

test('a file that cannot be written is told at once', async (t) => {
  const path = await quarantine(t);
  const file = join(path, '..', '..', 'file');
  await writeFile(file, '');
  for (const impossible of [join(file, 'bad.jsonl'), join(file, '..')]) {
    const error = t.throws(() => quarantineRejects(impossible), { code: 'MILLRACE_USAGE' });
    t.true(error?.message.includes(impossible));
  }
});

test('a policy that there is not is refused with those that there are', (t) => {
  t.is(parseOnError('fail'), failOnReject);
  t.is(parseOnError('skip'), skipRejects);
  for (const policy of ['', 'quarantine', 'quarantine:', 'Skip', 'ignore']) {
    const error = t.throws(() => parseOnError(policy), { code: 'MILLRACE_USAGE' });
    t.true(error?.message.includes('fail, skip or quarantine:FILE'));
  }
});

test('a policy may be of your own', async (t) => {
  const seen: unknown[] = [];
  const pipeline = Pipeline.from([1, 2, 3]).pipe(even);
  await pipeline.onError({ reject: (error, raw) => void seen.push([error.code, raw]) }).toArray();
  t.deepEqual(seen, [
    ['MILLRACE_BAD_RECORD', 1],
    ['MILLRACE_BAD_RECORD', 3],
  ]);
});
