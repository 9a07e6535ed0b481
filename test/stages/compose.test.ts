import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { MillraceError, toPlain } from '../../pipeline/index.ts';
import { compose, type Line } from '../../stages/index.ts';
import { temporaryFolder } from './files.ts';

async function textFile(t: ExecutionContext, content: string): Promise<string> {
  const path = join(await temporaryFolder(t), 'notes.txt');
  await writeFile(path, content);
  return path;
}

const names = (source: string, stages: string[]) => {
  const { source: from, stages: others } = compose(source, stages);
  return [from.name, ...others.map(({ name }) => name)];
};

test('a source alone is its lines, its pairs or its vectors: the records that it holds', (t) => {
  t.deepEqual(names('notes.txt', []), ['read', 'lines']);
  t.deepEqual(names('snli:dev', []), ['read', 'lines', 'parse']);
  t.deepEqual(names('glove:6B.50d', []), ['read', 'glove']);
});

test('lines are put in, and a named corpus is parsed, only where the next stage needs it', (t) => {
  t.deepEqual(names('notes.txt', ['tokenize:word']), ['read', 'lines', 'tokenize']);
  t.deepEqual(names('notes.txt', ['lines', 'tokenize:word']), ['read', 'lines', 'tokenize']);
  t.deepEqual(names('notes.txt', ['parse:sick']), ['read', 'lines', 'parse']);
  t.deepEqual(names('snli:dev', ['lines']), ['read', 'lines']);
  t.deepEqual(names('snli:dev', ['parse:snli', 'take:1']), ['read', 'lines', 'parse', 'take']);
  t.deepEqual(names('snli:dev', ['tokenize']), ['read', 'lines', 'parse', 'tokenize']);
  t.deepEqual(names('vectors.txt', ['glove']), ['read', 'glove']);
});

test('the first stages in a row that can go have the worker threads, and those within a cache too', (t) => {
  const crews = (stages: string[], workers: number | 'auto' = 2) =>
    compose('snli:dev', stages, { workers }).stages.map(({ name, crew }) => (crew ? `${name}*` : name));
  t.deepEqual(crews(['tokenize', 'lowercase', 'batch']), ['lines*', 'parse*', 'tokenize*', 'lowercase*', 'batch']);
  t.deepEqual(crews([]), ['lines*', 'parse*']);
  t.deepEqual(crews([], 0), ['lines', 'parse']);
  t.deepEqual(crews(['take:3', 'tokenize']), ['lines*', 'parse*', 'take', 'tokenize']);
  t.deepEqual(crews(['tokenize', 'cache', 'lowercase', 'batch']), ['lowercase', 'batch']);
  t.deepEqual(crews(['lines', 'shuffle'], 'auto'), ['lines', 'shuffle']);
  t.deepEqual(crews(['parse:csv']), ['lines*', 'parse*']);
  t.deepEqual(crews(['parse:csv', 'shuffle'], 'auto'), ['lines*', 'parse*', 'shuffle']);
  t.deepEqual(crews(['parse:csv', 'tokenize', 'batch']), ['lines*', 'parse*', 'tokenize*', 'batch']);
  t.throws(() => crews(['lines', 'shuffle']), { instanceOf: MillraceError, code: 'MILLRACE_USAGE' });
});

test('composed stages do what they say', async (t) => {
  const path = await textFile(t, 'the cat sat\non the mat\nThe end\n');
  const counted = await compose(path, ['lines', 'tokenize:word', 'lowercase', 'count', 'take:2']).toArray();
  t.deepEqual(counted, [
    { token: 'the', count: 3 },
    { token: 'cat', count: 1 },
  ]);
});

test('how long a line may be is one of the limits', async (t) => {
  const path = await textFile(t, 'short\na longer line\n');
  const lines = compose(path, [], { limits: { lineBytes: 8 } }).onError('skip');
  t.deepEqual(
    (await lines.toArray()).map((line) => (line as Line).text),
    ['short'],
  );
});

test('the seed reaches the stages that draw, unless they are given one of their own', async (t) => {
  const path = await textFile(t, Array.from({ length: 60 }, (_, i) => `line ${i}`).join('\n'));
  const order = async (stage: string, seed?: number) =>
    JSON.stringify((await compose(path, [stage], seed === undefined ? {} : { seed }).toArray()).map(toPlain));
  t.is(await order('shuffle:60', 7), await order('shuffle:60,seed=7', 1));
  t.is(await order('shuffle:60'), await order('shuffle:60', 0));
  t.not(await order('shuffle:60', 7), await order('shuffle:60', 8));
});

test('unknown stages, options and orders that cannot be are refused before anything is opened', (t) => {
  const refuse = (stages: string[], found: unknown, expected: RegExp) => {
    const error = t.throws(() => compose('no-such-file', stages), { instanceOf: MillraceError }, stages.join(' '));
    t.is(error?.code, 'MILLRACE_USAGE');
    t.is(error?.found, found);
    t.regex(error?.expected ?? '', expected);
  };
  refuse(['tokenise'], 'tokenise', /^one of lines, requeue, parse, tokenize, /);
  refuse(['toString'], 'toString', /^one of lines, requeue, parse, tokenize, /);
  refuse([''], '', /^one of lines, requeue, parse/);
  refuse(['batch:many'], 'many', /whole number/);
  refuse(['tokenize:word', 'lines'], 'tokenize:word lines', /lines right after the source/);
  refuse(['tokenize:word', 'parse'], 'tokenize:word parse', /parse before stages that make records/);
  refuse(['lines', 'glove'], 'lines glove', /glove right after the source/);
});

test('options that no stage can work with are refused before anything is opened too', (t) => {
  const impossible = ['batch:0', 'batch:8,width=0', 'bucket:0', 'bucket:8-4', 'bucket:size=0', 'shuffle:0'].concat([
    'shard:index=4,of=2',
    'shard:0,of=0',
    'tokenize:regex,pattern=[',
  ]);
  for (const stage of impossible) {
    const error = t.throws(() => compose('no-such-file', [stage]), { instanceOf: MillraceError }, stage);
    t.is(error?.code, 'MILLRACE_USAGE', stage);
  }
});
