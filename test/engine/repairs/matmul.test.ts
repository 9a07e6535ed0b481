import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { MillraceError } from '../../../pipeline/errors.ts';
import { assertClose, normal, runOn } from '../engines.ts';

const dimension = fc.integer({ min: 1, max: 70 }); // on both sides of the backend's blocks of 48

const lengths = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 });

/** Leading axes of both operands that are the same: what fused products and gradients ask for, on every backend. */
const sameStacks = lengths.map((stack) => ({ a: stack, b: stack }));

/** Leading axes of which either operand may have 1 instead, or none. */
const broadcastStacks = fc
  .record({ stack: lengths, ones: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), missing: fc.boolean() })
  .map(({ stack, ones, missing }) => ({
    a: stack.map((length, axis) => (ones[axis] ? 1 : length)),
    b: stack.map((length, axis) => (ones[axis + 2] ? 1 : length)).slice(missing ? 1 : 0),
  }));

const productsOf = (stacks: typeof sameStacks) =>
  fc.record({
    rows: dimension,
    inner: dimension,
    columns: dimension,
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
    stacks,
    seed: fc.nat({ max: 1e6 }),
  });

const products = productsOf(sameStacks);

type Product = typeof products extends fc.Arbitrary<infer T> ? T : never;

function operands({ rows, inner, columns, transposeA, transposeB, stacks, seed }: Product): [tf.Tensor, tf.Tensor] {
  return [
    normal([...stacks.a, ...(transposeA ? [inner, rows] : [rows, inner])], seed),
    normal([...stacks.b, ...(transposeB ? [columns, inner] : [inner, columns])], seed + 1),
  ];
}

test.serial('products of stacks of matrices, transposed or not, are those of the cpu backend', async (t) => {
  await fc.assert(
    fc.asyncProperty(productsOf(broadcastStacks), async (product) => {
      const multiply = (): tf.Tensor => tf.matMul(...operands(product), product.transposeA, product.transposeB);
      assertClose(t, await runOn('wasm', multiply), await runOn('cpu', multiply), 1e-4);
    }),
    { numRuns: 60, seed: 1 },
  );
});

const activations = ['linear', 'relu', 'relu6', 'leakyrelu', 'sigmoid', 'elu', 'prelu'] as const;

test.serial('fused bias and activation are the product, then the bias, then the activation', async (t) => {
  const options = fc.record({
    product: products,
    activation: fc.constantFrom(...activations),
    bias: fc.constantFrom('none', 'row', 'one', 'matrix'),
  });
  await fc.assert(
    fc.asyncProperty(options, async ({ product, activation, bias }) => {
      const { rows, columns, transposeA, transposeB, seed } = product;
      const biasShape = { none: undefined, row: [columns], one: [1], matrix: [rows, columns] }[bias];
      const fused = (): tf.Tensor => {
        const [a, b] = operands(product);
        return tf.fused.matMul({
          ...{ a, b, transposeA, transposeB, activation, leakyreluAlpha: 0.3 },
          ...(biasShape !== undefined && { bias: normal(biasShape, seed + 2) }),
          ...(activation === 'prelu' && { preluActivationWeights: normal([columns], seed + 3) }),
        });
      };
      const unfused = (): tf.Tensor => {
        const linear = tf.matMul(...operands(product), transposeA, transposeB);
        const sum = biasShape === undefined ? linear : tf.add(linear, normal(biasShape, seed + 2));
        if (activation === 'linear') return sum;
        if (activation === 'prelu') return tf.prelu(sum, normal([columns], seed + 3));
        if (activation === 'leakyrelu') return tf.leakyRelu(sum, 0.3);
        return { relu: tf.relu, relu6: tf.relu6, sigmoid: tf.sigmoid, elu: tf.elu }[activation](sum);
      };
      assertClose(t, await runOn('wasm', fused), await runOn('cpu', unfused), 1e-4);
    }),
    { numRuns: 80, seed: 1 },
  );
});

test.serial('gradients of products are those of the cpu backend', async (t) => {
  await fc.assert(
    fc.asyncProperty(products, async (product) => {
      const gradients = (): tf.Tensor[] =>
        tf.grads((a, b) => tf.sum(tf.square(tf.matMul(a!, b!, product.transposeA, product.transposeB))))(
          operands(product),
        );
      assertClose(t, await runOn('wasm', gradients), await runOn('cpu', gradients), 1e-3);
    }),
    { numRuns: 25, seed: 1 },
  );
});

test.serial('a right matrix may be reshaped after it has been used', async (t) => {
  // The backend multiplied with the shape of the first use, wrote past the end of the output, and crashed later on.
  const compute = (): tf.Tensor[] => {
    const b = normal([4, 6], 1);
    return [
      tf.matMul(normal([3, 4], 2), b),
      tf.matMul(normal([30, 6], 3), tf.reshape(b, [6, 4])),
      tf.matMul(normal([3, 4], 2), b),
      tf.matMul(normal([3, 2], 4), tf.reshape(b, [2, 12])),
    ];
  };
  assertClose(t, await runOn('wasm', compute), await runOn('cpu', compute));
});

test.serial('empty matrices', async (t) => {
  const compute = (): tf.Tensor[] => [
    tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])),
    tf.matMul(tf.zeros([0, 2]), tf.ones([2, 3])),
    tf.matMul(tf.ones([2, 3]), tf.zeros([3, 0])),
    tf.fused.matMul({ a: tf.zeros([2, 0]), b: tf.zeros([0, 3]), bias: tf.tensor1d([1, -2, 3]), activation: 'relu' }),
  ];
  const floats = (values: number[], shape: number[]) => ({ values, shape, dtype: 'float32' });
  t.deepEqual(await runOn('wasm', compute), [
    floats([0, 0, 0, 0, 0, 0], [2, 3]),
    floats([], [0, 3]),
    floats([], [2, 0]),
    floats([1, 0, 3, 1, 0, 3], [2, 3]),
  ]);
});

test.serial('products leave no data behind', async (t) => {
  await runOn('wasm', () => []);
  const weights = normal([50, 7], 1);
  const count = (): number => tf.engine().backend.numDataIds();
  const before = count();
  for (let step = 0; step < 3; step++) {
    tf.tidy(() => {
      tf.grad((w) => tf.sum(tf.matMul(normal([10, 50], step), w)))(weights);
      tf.fused.matMul({
        a: normal([5, 7], step),
        b: weights,
        transposeB: true,
        bias: tf.ones([50]),
        activation: 'elu',
      });
    });
  }
  t.is(count(), before);
  weights.dispose();
});

test.serial('integers are refused by name', async (t) => {
  const error = await t.throwsAsync(
    runOn('wasm', () => tf.matMul(tf.ones([2, 2], 'int32'), tf.ones([2, 2], 'int32'))),
    { instanceOf: MillraceError, code: 'MILLRACE_ENGINE' },
  );
  t.regex(error.message, /float32.*int32/);
});
