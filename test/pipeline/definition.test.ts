import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { inWords } from '../../pipeline/definition.ts';
import {
  defineStage,
  definitionOf,
  fingerprint,
  identityOf,
  type Json,
  MillraceError,
  Pipeline,
} from '../../pipeline/index.ts';
import { KnownProbe } from './cache/folders.ts';
import { law } from './laws.ts';
import { oneByOne, words } from './probes.ts';

const { signal } = new AbortController();

const numbers = () => Pipeline.from([1, 2, 3]);

test('a definition tells the source and the stages, their options and their code', (t) => {
  const definition = definitionOf(
    numbers()
      .take(2)
      .map((n) => n + 1),
  );
  t.deepEqual(definition.source, { name: 'from' });
  const [take, map] = definition.stages;
  t.is(take?.name, 'take');
  t.deepEqual(take?.options, { count: 2 });
  t.is(map?.name, 'map');
  for (const stage of definition.stages) for (const hash of stage.code) t.regex(hash, /^[0-9a-f]{16}$/);
  t.deepEqual(JSON.parse(JSON.stringify(definition)), definition);
});

test('the same pipeline made twice has the same definition; what differs in it has another', (t) => {
  const variants = [
    () => numbers(),
    () => numbers().map((n) => n),
    () => numbers().map((n) => n + 1),
    () => numbers().map(String),
    () => numbers().map(Math.sqrt),
    () => numbers().filter((n) => n > 1),
    () => numbers().filter((n) => n > 2),
    () => numbers().tap(() => {}),
    () => numbers().shuffle(3, 1),
    () => numbers().shuffle(3, 2),
    () => numbers().concat(numbers()),
    () => numbers().concat(numbers(), numbers()),
    () => numbers().concat(numbers().take(1)),
    () => numbers().interleave(numbers()),
    () => Pipeline.from([1], (n) => -n),
    ...[
      undefined,
      null,
      Number.NaN,
      -0,
      0,
      0n,
      '0',
      [0],
      { a: 0 },
      { b: 0 },
      /0/,
      /0/g,
      new Set([0]),
      new Map([[0, 0]]),
      Int32Array.of(0),
      Float32Array.of(0),
    ].map((x) => () => numbers().pipe(defineStage<number, number>({ name: 'x', options: { x }, record: (n) => n }))),
    () => numbers().pipe(defineStage<number, number>({ name: 'x', record: (n) => n, columns: () => undefined })),
    () => numbers().pipe(defineStage<number, number>({ name: 'x', stream: (source) => source })),
  ];
  const prints = variants.map((make) => fingerprint(definitionOf(make())));
  t.deepEqual(
    variants.map((make) => fingerprint(definitionOf(make()))),
    prints,
  );
  for (const [i, print] of prints.entries()) t.is(prints.indexOf(print), i, `variant ${i} is taken for another`);
});

test('a bound function has no text, and is refused', (t) => {
  const bound = ((n: number) => n).bind(null);
  const error = t.throws(() => definitionOf(numbers().map(bound)), { instanceOf: MillraceError });
  t.is(error.code, 'MILLRACE_USAGE');
});

law(
  'a fingerprint is of the contents, whatever the order of the fields',
  [fc.dictionary(fc.string(), fc.jsonValue())],
  (value) => {
    const reversed = Object.fromEntries(Object.entries(value).reverse());
    assert.equal(fingerprint(reversed as Json), fingerprint(value as Json));
    assert.match(fingerprint(value as Json), /^[0-9a-f]{64}$/);
  },
);

law('other contents have another fingerprint', [fc.jsonValue(), fc.jsonValue()], (one, other) => {
  // As JSON has them, which knows no -0.
  const texts = [one, other].map((value) => fingerprint(JSON.parse(JSON.stringify(value))));
  let same = true;
  try {
    assert.deepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)));
  } catch {
    same = false;
  }
  assert.equal(texts[0] === texts[1], same);
});

test('an identity tells what all sources hold and what stages look up', async (t) => {
  const probe = (contents: string) => new KnownProbe(oneByOne(words(1)), {}, contents).pipeline;
  const looksUp = (what: string) =>
    defineStage({ name: 'look', stream: (source) => source, identify: async () => what });
  const identities = await Promise.all(
    [
      probe('a'),
      probe('b'),
      probe('a').concat(probe('b')),
      probe('b').concat(probe('a')),
      probe('a').interleave(probe('b')).concat(probe('a')),
      probe('a').pipe(looksUp('x')),
      probe('a').pipe(looksUp('y')),
    ].map((pipeline) => identityOf(pipeline as Pipeline<unknown>, signal)),
  );
  t.is(new Set(identities.map((identity) => fingerprint(identity))).size, identities.length);
  t.deepEqual(await identityOf(probe('a').take(1), signal), await identityOf(probe('a').skip(1), signal));
});

test('a source without an identity is refused, wherever it is', async (t) => {
  const known = new KnownProbe<number>([]).pipeline;
  for (const pipeline of [numbers(), known.concat(numbers()), known.concat(known.interleave(numbers()))]) {
    const error = await t.throwsAsync(identityOf(pipeline, signal), { instanceOf: MillraceError });
    t.is(error.code, 'MILLRACE_USAGE');
  }
});

test('in words a definition reads like a command', (t) => {
  const read = Pipeline.fromSource<number>({
    name: 'read',
    options: { source: 'a.zip#b' },
    open: () => numbers().chunks(),
  });
  const stage = defineStage<number, number>({
    name: 'ids',
    options: { vocabulary: 'ab'.repeat(32), bounds: [2, 3], built: { from: 1 }, by: (n: number) => n },
    record: (n) => n,
  });
  t.is(inWords(definitionOf(read.pipe(stage).take(2))), 'a.zip#b ids:vocabulary=abababab,bounds=2-3 take:count=2');
  t.is(inWords(definitionOf(read.concat(read.skip(1)).map((n) => n))), 'concat (a.zip#b) (a.zip#b skip:count=1) map');
  const known = new KnownProbe<number>([]).pipeline;
  t.is(inWords(definitionOf(known.take(1).cache('/somewhere').skip(2))), 'watched take:count=1 cache skip:count=2');
});
