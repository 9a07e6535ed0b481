import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import fc from 'fast-check';
import { type EngineName, startEngine, type TreeReduce, treeReduce } from '../../engine/index.ts';
import { fusedTreeReduce } from '../../engine/kernels/tree-reduce.ts';
import { portableTreeReduce } from '../../engine/portable/tree-reduce.ts';
import { MillraceError } from '../../pipeline/errors.ts';
import { assertNear, builds, differencesOf, seededNumbers, valueAndGradients } from './numbers.ts';
import { plainReduce } from './plain-tree.ts';

interface Shape {
  readonly rows: number;
  readonly units: number;
  /** 0 for no tracker. */
  readonly tracked: number;
}

/** Of input, bias, left, right and tracking. */
function shapesOf({ rows, units, tracked }: Shape): number[][] {
  const nodes = [rows, 2 * units];
  return [[2 * units + tracked, 5 * units], [5 * units], nodes, nodes, ...(tracked > 0 ? [[rows, tracked]] : [])];
}

const numbersFor = (shape: Shape, seed: number) =>
  seededNumbers(
    shapesOf(shape).map((one) => one.reduce((size, length) => size * length, 1)),
    seed,
  );

type Implementation = (reduce: TreeReduce) => tf.Tensor;

const compute = (implementation: Implementation, shape: Shape, numbers: Float32Array[]) =>
  valueAndGradients(
    (...[input, bias, left, right, tracking]) =>
      implementation({ left, right, weights: { input, bias }, ...(tracking && { tracking }) } as TreeReduce),
    numbers,
    shapesOf(shape),
  );

async function implementations(): Promise<[string, Implementation][]> {
  const fused = (await builds()).map(([build, kernels]): [string, Implementation] => [
    build,
    (reduce) => fusedTreeReduce(kernels, reduce),
  ]);
  return [...fused, ['portable', portableTreeReduce]];
}

const names = ['value', 'gradient of input', 'of bias', 'of left', 'of right', 'of tracking'];

const shapes = fc.record({
  rows: fc.integer({ min: 1, max: 9 }),
  units: fc.integer({ min: 1, max: 10 }),
  tracked: fc.integer({ min: 0, max: 6 }),
  seed: fc.nat({ max: 1e6 }),
});

test.serial('fused and portable reduces are the same, values and gradients', async (t) => {
  const all = await implementations();
  fc.assert(
    fc.property(shapes, ({ seed, ...shape }) => {
      const numbers = numbersFor(shape, seed);
      const [simd, relaxed, portable] = all.map(([, implementation]) => compute(implementation, shape, numbers));
      portable!.forEach((expected, i) => {
        assertNear(t, simd![i]!, expected, 1e-5, `simd: ${names[i]}`);
        assertNear(t, relaxed![i]!, expected, 1e-5, `relaxed-simd: ${names[i]}`);
      });
    }),
    { numRuns: 100, seed: 1 },
  );
});

test.serial('all are what the equations say, and their gradients are differences', async (t) => {
  const all = await implementations();
  const small = shapes.filter(({ rows, units }) => rows * units <= 20);
  fc.assert(
    fc.property(small, ({ seed, ...shape }) => {
      const numbers = numbersFor(shape, seed);
      const plainly = (values: readonly ArrayLike<number>[]): number[] => {
        const row = (table: ArrayLike<number> | undefined, index: number, width: number) =>
          table ? Array.from({ length: width }, (_, i) => table[index * width + i]!) : [];
        const [input, bias, left, right, tracking] = values;
        return Array.from({ length: shape.rows }, (_, i) =>
          plainReduce(
            row(left, i, 2 * shape.units),
            row(right, i, 2 * shape.units),
            row(tracking, i, shape.tracked),
            input!,
            bias!,
          ),
        ).flat();
      };
      const expected = [plainly(numbers), ...differencesOf(plainly, numbers)];
      for (const [name, implementation] of all) {
        compute(implementation, shape, numbers).forEach((found, i) => {
          assertNear(t, found, expected[i]!, 2e-5, `${name}: ${names[i]}`);
        });
      }
    }),
    { numRuns: 30, seed: 2 },
  );
});

test.serial('many wide rows go through more than one block of every product', async (t) => {
  const shape = { rows: 70, units: 133, tracked: 30 };
  const numbers = numbersFor(shape, 3).map((values) => values.map((value) => value / 8));
  const [simd, relaxed, portable] = (await implementations()).map(([, implementation]) =>
    compute(implementation, shape, numbers),
  );
  portable!.forEach((expected, i) => {
    assertNear(t, simd![i]!, expected, 1e-5, names[i]!);
    assertNear(t, relaxed![i]!, expected, 1e-5, names[i]!);
  });
});

for (const engine of ['wasm', 'cpu'] as EngineName[]) {
  test.serial(`${engine}: hundreds of reduces leave no tensor behind`, async (t) => {
    await startEngine(engine);
    const shape = { rows: 3, units: 2, tracked: 2 };
    const numbers = numbersFor(shape, 1);
    const first = compute(treeReduce, shape, numbers);
    const before = { tensors: tf.memory().numTensors, data: tf.engine().backend.numDataIds() };
    for (let i = 0; i < 300; i++) compute(treeReduce, shape, numbers);
    t.deepEqual({ tensors: tf.memory().numTensors, data: tf.engine().backend.numDataIds() }, before);
    t.deepEqual(compute(treeReduce, shape, numbers), first, 'the same to the last bit');
  });
}

test.serial('what does not fit is told by name', async (t) => {
  await startEngine('cpu');
  const right: TreeReduce = {
    left: tf.zeros([3, 8]),
    right: tf.zeros([3, 8]),
    tracking: tf.zeros([3, 2]),
    weights: { input: tf.zeros([10, 20]), bias: tf.zeros([20]) },
  };
  t.deepEqual(treeReduce(right).shape, [3, 8]);
  const wrong: [Partial<TreeReduce>, RegExp][] = [
    [{ right: tf.zeros([2, 8]) }, /right.*\[3,8\].*\[2,8\]/],
    [{ tracking: tf.zeros([3, 3]) }, /input.*\[11,20\].*\[10,20\]/],
    [{ tracking: tf.zeros([2, 2]) }, /tracking.*\[3,2\].*\[2,2\]/],
    [{ weights: { ...right.weights, bias: tf.zeros([4]) } }, /bias.*\[20\].*\[4\]/],
  ];
  for (const [change, message] of wrong) {
    const error = t.throws(() => treeReduce({ ...right, ...change }), { instanceOf: MillraceError });
    t.is(error?.code, 'MILLRACE_SHAPE');
    t.regex(error?.message ?? '', message);
  }
});
