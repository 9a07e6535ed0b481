import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { runOn } from '../engines.ts';

test.serial('bools are reversed like numbers, and nothing else is written to', async (t) => {
  const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(shapes, fc.nat({ max: 2 }), fc.nat({ max: 1e6 }), async (shape, axis, seed) => {
      const axes = axis < shape.length ? [axis] : undefined;
      const reverse = (): tf.Tensor[] => {
        const bools = tf.greater(tf.randomUniform(shape, -1, 1, 'float32', seed + 1), 0);
        // The backend's kernel wrote three bytes for each element past the end of its output: to a neighbour.
        const neighbours = Array.from({ length: 8 }, () => tf.zeros(shape, 'bool'));
        for (const neighbour of neighbours.slice(0, 4)) neighbour.dispose();
        return [tf.reverse(bools, axes), ...neighbours.slice(4)];
      };
      t.deepEqual(await runOn('wasm', reverse), await runOn('cpu', reverse));
    }),
    { numRuns: 40, seed: 1 },
  );
});
