import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { MillraceError } from '../../../pipeline/index.ts';
import { portable } from '../../../pipeline/parallel/portable.ts';
import { packError, unpackError } from '../../../pipeline/parallel/portable-error.ts';
import { law } from '../laws.ts';
import { tableOf, words } from '../probes.ts';

const values = fc.anything({ withTypedArray: true, withDate: true, withBigInt: true, withNullPrototype: false });

law('plain values arrive as they are', [values], (value) => {
  const copied = portable(value);
  assert.ok(copied);
  assert.deepEqual(structuredClone(copied.value), value);
});

test('views arrive as the records that they stand for', (t) => {
  const list = words(12);
  t.deepEqual(structuredClone(portable([...tableOf(list)])?.value), portable(withTypedCodes(list))?.value);
});

test('a window brings its own elements only', (t) => {
  const window = new Int32Array(1000).fill(7).subarray(10, 12);
  const { value } = portable({ window }) as { value: { window: Int32Array } };
  t.deepEqual(value.window, Int32Array.of(7, 7));
  t.is(value.window.buffer.byteLength, 8);
});

test('what would arrive as something else does not go', (t) => {
  class Own {
    field = 1;
  }
  const loop: unknown[] = [];
  loop.push(loop);
  for (const value of [() => 1, Symbol('s'), new Own(), new Map(), Buffer.from('a'), new Error('e'), loop]) {
    t.is(portable(value), undefined);
    t.is(portable({ deep: [value] }), undefined);
  }
  t.is(portable({ [Symbol('key')]: 1 }), undefined);
});

test('an error of ours arrives with all that it says', (t) => {
  const origin = { source: 'a.zip', entry: 'b', line: 3 };
  const inner = new MillraceError('MILLRACE_SHAPE', 'Inner', { cause: new SyntaxError('bad JSON') });
  const error = new MillraceError('MILLRACE_BAD_RECORD', 'Outer', {
    origin,
    expected: 'x',
    found: { y: [1] },
    hint: 'Do z.',
    cause: inner,
  });
  const arrived = unpackError(structuredClone(packError(error)) as never);
  t.true(arrived instanceof MillraceError);
  t.is(arrived.message, error.message);
  t.is(arrived.stack, error.stack);
  t.deepEqual(JSON.stringify(arrived), JSON.stringify(error));
  t.deepEqual(arrived.found, error.found);
  t.is((arrived.cause as MillraceError).code, 'MILLRACE_SHAPE');
  const deepest = (arrived.cause as MillraceError).cause as SyntaxError;
  t.true(deepest instanceof SyntaxError);
  t.is(deepest.message, 'bad JSON');
});

test('an error with a function in it stays', (t) => {
  t.is(packError(new MillraceError('MILLRACE_USAGE', 'No', { found: () => 1 })), undefined);
  t.is(
    packError(new MillraceError('MILLRACE_USAGE', 'No', { cause: Object.assign(new Error('e'), { code: 1 }) })),
    undefined,
  );
});

/** Lists of integers in tables are typed arrays. */
function withTypedCodes(list: ReturnType<typeof words>) {
  return list.map(({ lemma, ...word }) => ({
    ...word,
    lemma: { ...lemma, ...(lemma.codes && { codes: Int32Array.from(lemma.codes) }) },
  }));
}
