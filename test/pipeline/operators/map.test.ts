import test from 'ava';
import fc from 'fast-check';
import { extend, MillraceError, Pipeline, skipRejects } from '../../../pipeline/index.ts';
import { keepsTheLaws, keepsTheLawsOfFunctions } from '../laws.ts';
import { tableOf, words } from '../probes.ts';

keepsTheLaws('map', {
  argument: fc.boolean(),
  apply: (pipeline, asynchronous) =>
    pipeline.map(
      asynchronous
        ? async (word, index) => extend(word, { index, text: `${word.text}!` })
        : (word, index) => extend(word, { index, text: `${word.text}!` }),
    ),
  oracle: (list) => list.map((word, index) => ({ ...word, index, text: `${word.text}!` })),
});

keepsTheLawsOfFunctions('map', (pipeline, look) =>
  pipeline.map((word) => {
    const seen = look(word);
    return seen ? seen.then(() => word) : word;
  }),
);

test('answers that come at different speeds keep their order', async (t) => {
  const slowest = 20;
  const values = Array.from({ length: slowest }, (_, index) => index);
  const late = (value: number) => new Promise<number>((done) => setTimeout(done, slowest - value, value));
  t.deepEqual(await Pipeline.from(values).map(late).toArray(), values);
});

test('undefined, null and false are records like any other', async (t) => {
  const values = [undefined, null, false, 0, ''];
  t.deepEqual(
    await Pipeline.from(values)
      .map((value) => value)
      .toArray(),
    values,
  );
});

test('a bad record is for the error policy, any other error of Millrace is not', async (t) => {
  const failing = (code: 'MILLRACE_BAD_RECORD' | 'MILLRACE_SHAPE') =>
    Pipeline.fromSource({
      name: 'table',
      async *open() {
        yield tableOf(words(4));
      },
    })
      .map(({ id }) => {
        if (id === 2) throw new MillraceError(code, 'This one is bad');
        return id;
      })
      .onError(skipRejects);
  t.deepEqual(await failing('MILLRACE_BAD_RECORD').toArray(), [0, 1, 3]);
  await t.throwsAsync(failing('MILLRACE_SHAPE').toArray(), { code: 'MILLRACE_SHAPE' });
});
