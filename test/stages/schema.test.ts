import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import test from 'ava';
import { Pipeline } from '../../pipeline/index.ts';
import { parse } from '../../stages/parse.ts';
import { readLines, readRecords } from '../../stages/read.ts';
import { temporaryFolder } from './files.ts';
import { assertCloses, assertForms, errorOf, line, linesOf } from './forms.ts';

interface Note {
  readonly words: readonly string[];
}

type Result = StandardSchemaV1.Result<Note>;

/** What a library of schemas makes: `{ text: string }` to its words. */
function schema(
  settle: (result: Result) => Result | Promise<Result> = (result) => result,
): StandardSchemaV1<unknown, Note> {
  const validate = (value: unknown): Result => {
    const { text } = (value ?? {}) as { text?: unknown };
    if (typeof text === 'string') return { value: { words: text.split(' ') } };
    return {
      issues: [
        { message: 'must be a text', path: ['text'] },
        { message: 'or a list', path: [{ key: 'texts' }, 0] },
        { message: 'nothing fits' },
      ],
    };
  };
  return {
    '~standard': { version: 1, vendor: 'test', validate: (value) => settle(validate(value)) },
  };
}

const file = '{"text":"a b"}\n\n{"text":1}\n[]\n{"text":\n{"text":"c"}';
const kinds = { synchronous: schema(), asynchronous: schema(async (result) => result) };

for (const [kind, one] of Object.entries(kinds)) {
  test(`a schema, ${kind}, makes the records; its issues are bad records with path and message`, async (t) => {
    const { records, rejected, dropped } = await assertForms(t, file, [parse(one)], [4]);
    t.deepEqual(
      records.map((json) => JSON.parse(json)),
      [{ words: ['a', 'b'] }, { words: ['c'] }],
    );
    t.deepEqual(dropped.parse, { 'blank line': 1 });
    t.is(rejected.length, 3);
    const error = await errorOf(t, linesOf(file).pipe(parse(one)));
    t.deepEqual([error.code, error.origin?.line, error.found], ['MILLRACE_BAD_RECORD', 3, '{"text":1}']);
    t.is(error.expected, 'at "text": must be a text; at "texts.0": or a list; nothing fits');
  });
}

test('what a validator throws by itself is no bad record', async (t) => {
  const broken = schema(() => {
    throw new TypeError('a slip');
  });
  const records = linesOf(file).pipe(parse(broken)).onError('skip');
  await t.throwsAsync(records.toArray(), { instanceOf: TypeError, message: 'a slip' });
});

test('a file is read as records of the type that its schema makes', async (t) => {
  const path = join(await temporaryFolder(t), 'notes.jsonl');
  await writeFile(path, '{"text":"a b"}\n{"text":"c"}');
  const records: Pipeline<Note> = readRecords(path, schema());
  t.deepEqual(await records.map(({ words }) => words.length).toArray(), [2, 1]);
});

test('nobody could tell when a schema changes, so nothing behind it is cached', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'notes.jsonl');
  await writeFile(path, '{"text":"a b"}');
  const cached = readLines(path).pipe(parse(schema())).cache(folder);
  await t.throwsAsync(cached.toArray(), { code: 'MILLRACE_USAGE', message: /when a schema changes/ });
});

test('an abort does not wait for a validator', async (t) => {
  const controller = new AbortController();
  const never = schema(() => new Promise(() => controller.abort(new Error('enough'))));
  const records = Pipeline.from([line('{"text":"a"}')]).pipe(parse(never));
  await t.throwsAsync(records.withAbort(controller.signal).toArray(), { message: 'enough' });
});

test('stopping early and aborting close the source', async (t) => {
  await assertCloses(t, parse(kinds.asynchronous), [line('{"text":"a"}')]);
});
