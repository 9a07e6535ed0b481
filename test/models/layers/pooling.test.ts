import { cast, mul, sub, type Tensor, tensor, variable } from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../../engine/index.ts';
import { Pooling, type PoolingMethod } from '../../../models/layers/pooling.ts';
import { MillraceError } from '../../../pipeline/errors.ts';
import { distance, finiteDifferences, randomTensor, tapeGradients } from '../helpers.ts';

const [BATCH, LENGTH, SIZE] = [3, 4, 5];
const MASK = [
  [1, 1, 1, 1],
  [0, 1, 1, 0],
  [0, 0, 0, 0],
];

const run = (method: PoolingMethod, states: Tensor) =>
  new Pooling({ method }).apply(states, { mask: cast(tensor(MASK), 'bool') }) as Tensor;

function plainly(method: PoolingMethod, states: ArrayLike<number>): number[] {
  return MASK.flatMap((words, sentence) =>
    Array.from({ length: SIZE }, (_, unit) => {
      const own = words.flatMap((word, i) => (word ? [states[(sentence * LENGTH + i) * SIZE + unit]!] : []));
      if (own.length === 0) return 0;
      const sum = own.reduce((total, x) => total + x, 0);
      return { max: Math.max(...own), mean: sum / own.length, sum }[method];
    }),
  );
}

for (const engine of ['cpu', 'wasm'] as const) {
  for (const method of ['max', 'mean', 'sum'] as const) {
    test.serial(`${engine}: the ${method} is over words alone, with its gradient`, async (t) => {
      await startEngine(engine);
      // All below 0, so that padding would be the greatest.
      const states = variable(sub(randomTensor([BATCH, LENGTH, SIZE], 3), 2));
      t.true(distance(run(method, states).dataSync(), plainly(method, states.dataSync())) < 1e-6);
      const weight = randomTensor([BATCH, SIZE], 4);
      const loss = () => mul(run(method, states), weight);
      const [[found], [numeric]] = [tapeGradients(loss, [states]), finiteDifferences(loss, [states])];
      t.true(distance(found!, numeric!) < 5e-3);
      t.true(Math.max(...numeric!) > 0.1);
    });
  }
}

test('states without a mask are an error', async (t) => {
  await startEngine('cpu');
  const error = t.throws(() => new Pooling({ method: 'max' }).apply(randomTensor([1, 2, 3], 1)), {
    instanceOf: MillraceError,
  });
  t.is(error?.code, 'MILLRACE_SHAPE');
});
