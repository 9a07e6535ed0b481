import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { startEngine } from '../../../engine/index.ts';
import { assertClose, runOn } from '../engines.ts';

/** For each axis its length, where the slice begins, and how long it is; axes of one element and empty slices too. */
const axes = fc.array(
  fc.integer({ min: 1, max: 5 }).chain((length) =>
    fc.integer({ min: 0, max: length - 1 }).chain((begin) =>
      fc.record({
        length: fc.constant(length),
        begin: fc.constant(begin),
        size: fc.integer({ min: 0, max: length - begin }),
      }),
    ),
  ),
  { minLength: 1, maxLength: 5 },
);

const dtypes = fc.constantFrom('float32' as const, 'int32' as const, 'bool' as const);

/** 0, 1, 2 ... as numbers; every third true. */
function counted(shape: number[], dtype: 'float32' | 'int32' | 'bool'): tf.Tensor {
  const numbers = Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => i);
  return dtype === 'bool'
    ? tf.tensor(
        numbers.map((i) => i % 3 === 0),
        shape,
        dtype,
      )
    : tf.tensor(numbers, shape, dtype);
}

test.serial('a slice is that of the cpu backend, of any shape and type', async (t) => {
  await fc.assert(
    fc.asyncProperty(axes, dtypes, async (cuts, dtype) => {
      const slice = (): tf.Tensor =>
        tf.slice(
          counted(
            cuts.map(({ length }) => length),
            dtype,
          ),
          cuts.map(({ begin }) => begin),
          cuts.map(({ size }) => size),
        );
      assertClose(t, await runOn('wasm', slice), await runOn('cpu', slice), 0);
    }),
    { numRuns: 150, seed: 1 },
  );
});

test.serial('the pieces of a split or unstack are those of the cpu backend, along any axis', async (t) => {
  await fc.assert(
    fc.asyncProperty(axes, dtypes, fc.nat(), async (cuts, dtype, which) => {
      const shape = cuts.map(({ length }) => length);
      const axis = which % shape.length;
      const length = shape[axis]!;
      const { begin } = cuts[axis]!;
      const pieces = (): tf.Tensor[] => [
        ...tf.unstack(counted(shape, dtype), axis),
        ...tf.unstack(counted(shape, dtype), axis - shape.length),
        ...tf.split(counted(shape, dtype), [begin, length - begin], axis),
        ...tf.split(counted(shape, dtype), length, axis - shape.length),
      ];
      assertClose(t, await runOn('wasm', pieces), await runOn('cpu', pieces), 0);
    }),
    { numRuns: 60, seed: 1 },
  );
});

test.serial('a slice beyond its tensor is an error', async (t) => {
  await startEngine('wasm');
  const x = tf.ones([2, 3]);
  t.throws(() => tf.slice(x, [0, 2], [2, 2]));
  t.throws(() => tf.slice(x, [0, -1], [2, 2]));
  x.dispose();
});

test.serial('strings are sliced as before', async (t) => {
  const slice = (): tf.Tensor => tf.slice(tf.tensor1d(['a', 'b', 'c']), 1, 2);
  t.deepEqual(await runOn('wasm', slice), await runOn('cpu', slice));
});

test.serial('a piece is cut without copying the whole', async (t) => {
  await startEngine('wasm');
  const x = tf.zeros([64, 8]);
  const backend = tf.backend() as unknown as { readSync: (...args: unknown[]) => unknown };
  const original = backend.readSync;
  let reads = 0;
  backend.readSync = function (...args) {
    reads++;
    return original.apply(this, args);
  };
  try {
    tf.dispose([tf.slice(x, [1, 0], [1, 8]), ...tf.unstack(x), ...tf.split(x, 2)]);
  } finally {
    backend.readSync = original;
    x.dispose();
  }
  t.is(reads, 0);
});
