import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { MillraceError, toPlain } from '../../pipeline/index.ts';
import { openSource } from '../../stages/source.ts';
import { readVectors } from '../../stages/vectors.ts';
import { testOnReal } from '../real-data.ts';
import { blockSizes, runs, word } from './arbitraries.ts';
import { cut, origin } from './forms.ts';

interface PlainVector {
  word: string;
  vector: number[];
}

async function vectorsOf(
  file: string,
  wanted?: (word: string, index: number) => boolean,
  sizes?: readonly number[],
): Promise<PlainVector[]> {
  const found: PlainVector[] = [];
  async function* blocks() {
    yield* cut(file, sizes);
  }
  for await (const { word, vector } of readVectors(blocks(), wanted)) found.push({ word, vector: [...vector] });
  return found;
}

async function errorOf(file: string, wanted?: (word: string) => boolean): Promise<MillraceError> {
  const error: unknown = await vectorsOf(file, wanted).catch((reason: unknown) => reason);
  if (error instanceof MillraceError) return error;
  throw new Error('there was no error of ours');
}

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -9, max: 9 }).map((value) => value.toFixed(5)),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom('0', '-0', '1e-3', '.5', '-.5', '+2', '00.1'),
);

test('the vectors of any file, however it is cut, are those of a naive reader', async (t) => {
  const file = fc
    .record({
      dimension: fc.integer({ min: 2, max: 4 }),
      all: fc.array(word, { maxLength: 12 }),
      numbers: fc.array(number, { minLength: 5, maxLength: 48 }),
    })
    .map(({ dimension, all, numbers }) =>
      all.map((one, row) => [
        one,
        ...Array.from({ length: dimension }, (_, i) => numbers[(row * dimension + i) % numbers.length] as string),
      ]),
    );
  const ends = fc.constantFrom('\n', '\r\n', ' \n');
  await fc.assert(
    fc.asyncProperty(file, blockSizes, ends, fc.nat(3), async (rows, sizes, end, part) => {
      const text = rows.map((fields) => fields.join(' ') + end).join('');
      const expected = rows.map(([word = '', ...values]) => ({
        word,
        vector: values.map((v) => Math.fround(parseFloat(v))),
      }));
      t.deepEqual(await vectorsOf(text, undefined, sizes), expected);
      t.deepEqual(await vectorsOf(`${rows.length} 3\n${text}`, undefined, sizes), expected, 'with a header');
      const wanted = (one: string) => one.length % 4 === part;
      t.deepEqual(
        await vectorsOf(text, wanted, sizes),
        expected.filter(({ word }) => wanted(word)),
      );
      t.deepEqual(
        await vectorsOf(text, (_, index) => index % 4 === part),
        expected.filter((_, index) => index % 4 === part),
      );
    }),
    runs(150),
  );
});

test('words may hold spaces, and are asked for as a whole', async (t) => {
  const file = 'the 1 2\n. . . 3 4\nNew York 5 6\nat a@b.c 7 8\n';
  const all = [
    { word: 'the', vector: [1, 2] },
    { word: '. . .', vector: [3, 4] },
    { word: 'New York', vector: [5, 6] },
    { word: 'at a@b.c', vector: [7, 8] },
  ];
  t.deepEqual(await vectorsOf(file), all);
  for (const one of all) t.deepEqual(await vectorsOf(file, (word) => word === one.word), [one]);
  t.deepEqual(await vectorsOf(file, (word) => word === '.' || word === 'New'), []);
});

test('an empty file, blank lines and a header alone have no vectors', async (t) => {
  for (const file of ['', '\n \n', '400000 100\n']) t.deepEqual(await vectorsOf(file), []);
  t.deepEqual(await vectorsOf('\n\na 1 2\n\nb 3 4'), [
    { word: 'a', vector: [1, 2] },
    { word: 'b', vector: [3, 4] },
  ]);
});

test('a wanted row that is no vector is named with its place', async (t) => {
  const bad = ['b 1', 'b', 'b 1 2x', 'b 1 NaN', 'b 1  2', 'b 1 \t', 'b 1 2 x', 'b 1,5 2', 'b 1 2 3', 'b x 1'];
  for (const row of bad) {
    const error = await errorOf(`a 1 2\n${row}\nc 3 4\n`);
    t.is(error.code, 'MILLRACE_BAD_RECORD', row);
    t.deepEqual(toPlain(error.origin), { ...origin, line: 2 }, row);
    t.is(error.expected, 'a word and 2 numbers, as in the first row', row);
    t.is(error.found, row);
  }
});

test('the numbers of rows that nobody wants are not looked at', async (t) => {
  const file = 'a 1 2\nb 1\nc 1 x\nd 1 2 3\ne 3 4';
  const found = await vectorsOf(file, (word) => 'ae'.includes(word));
  t.deepEqual(
    found.map(({ word }) => word),
    ['a', 'e'],
  );
});

test('stopping early closes the source', async (t) => {
  let closed = 0;
  async function* endless() {
    try {
      for (;;) yield { bytes: Buffer.from('a 1 2\nb 3 4\n'), origin, last: false };
    } finally {
      closed++;
    }
  }
  for await (const _ of readVectors(endless())) break;
  t.is(closed, 1);
});

testOnReal('glove', 'real vectors equal those of a naive reader, value by value', async (t, path) => {
  const source = join(`${path}#glove.6B.100d.txt`);
  const isWanted = (_: string, index: number) => index < 100 || (index < 20_000 && index % 97 === 0);
  const expected = new Map<string, string[]>();
  let index = 0;
  let rest = '';
  reading: for await (const { bytes } of openSource(source)) {
    const lines = (rest + Buffer.from(bytes).toString('latin1')).split('\n');
    rest = lines.pop() as string;
    for (const line of lines) {
      if (index === 20_000) break reading;
      const [word = '', ...values] = line.split(' ');
      if (isWanted(word, index++)) expected.set(Buffer.from(word, 'latin1').toString(), values);
    }
  }
  t.true(expected.size > 300);
  let found = 0;
  for await (const { word, vector } of readVectors(openSource(source), isWanted)) {
    const values = expected.get(word)?.map((value) => Math.fround(parseFloat(value)));
    t.deepEqual([...vector], values, word);
    if (++found === expected.size) break;
  }
  t.is(found, expected.size);
});
