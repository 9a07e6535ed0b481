import { cast, mul, type Tensor, tensor, variable } from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../../engine/index.ts';
import { Attend } from '../../../models/layers/attend.ts';
import { CrossAttention } from '../../../models/layers/cross-attention.ts';
import { SwapPair } from '../../../models/layers/pairs.ts';
import { MillraceError } from '../../../pipeline/errors.ts';
import { distance, finiteDifferences, randomTensor, tapeGradients } from '../helpers.ts';
import { plainSoftmax, rowsOf, times, transposed } from './plain-matrices.ts';

const [PAIRS, LENGTH, SIZE, WIDTH] = [3, 4, 5, 2];
/** Premises, then hypotheses; of the last pair only the premise has words. */
const MASK = [
  [1, 1, 1, 1],
  [0, 1, 1, 0],
  [1, 0, 0, 0],
  [1, 1, 0, 0],
  [1, 1, 1, 1],
  [0, 0, 0, 0],
];

const look = (keys: Tensor) => new CrossAttention({}).apply(keys, { mask: cast(tensor(MASK), 'bool') }) as Tensor;

function align(keys: Tensor, vectors: Tensor): Tensor {
  return new Attend({}).apply([look(keys), new SwapPair({}).apply(vectors) as Tensor]) as Tensor;
}

/** `e_ij = a_i · b_j`, each row through a softmax, and the other's vectors in those shares: in float64. */
function plainly(keys: Tensor, vectors: Tensor) {
  const sentences = (tensor: Tensor) => {
    const width = tensor.shape[2]!;
    return rowsOf(tensor.dataSync(), LENGTH * width).map((values) => rowsOf(values, width));
  };
  const [own, values] = [sentences(keys), sentences(vectors)];
  const other = (i: number) => (i + PAIRS) % (2 * PAIRS);
  const weights = own.map((words, i) =>
    times(words, transposed(own[other(i)]!)).map((scores) => plainSoftmax(scores, MASK[other(i)]!)),
  );
  return { weights, aligned: weights.map((rows, i) => times(rows, values[other(i)]!)) };
}

for (const engine of ['cpu', 'wasm'] as const) {
  test.serial(`${engine}: each word is aligned with words of the other sentence alone`, async (t) => {
    await startEngine(engine);
    const keys = randomTensor([2 * PAIRS, LENGTH, SIZE], 1);
    const vectors = randomTensor([2 * PAIRS, LENGTH, WIDTH], 2);
    const { weights, aligned } = plainly(keys, vectors);
    const found = look(keys);
    t.deepEqual(found.shape, new CrossAttention({}).computeOutputShape([2 * PAIRS, LENGTH, SIZE]));
    t.true(distance(found.dataSync(), weights.flat(2)) < 1e-6);
    t.true(distance(align(keys, vectors).dataSync(), aligned.flat(2)) < 1e-6);
  });
}

test.serial('gradients are finite differences', async (t) => {
  await startEngine('wasm');
  const keys = variable(randomTensor([2 * PAIRS, LENGTH, SIZE], 1));
  const vectors = variable(randomTensor([2 * PAIRS, LENGTH, WIDTH], 2));
  const weight = randomTensor([2 * PAIRS, LENGTH, WIDTH], 3);
  const loss = () => mul(align(keys, vectors), weight);
  const [found, numeric] = [tapeGradients(loss, [keys, vectors]), finiteDifferences(loss, [keys, vectors])];
  for (const i of [0, 1]) {
    t.true(distance(found[i]!, numeric[i]!) < 5e-3);
    t.true(Math.max(...numeric[i]!) > 0.1);
  }
});

test.serial('words without a mask are an error', async (t) => {
  await startEngine('cpu');
  const error = t.throws(() => new CrossAttention({}).apply(randomTensor([2, 3, 4], 1)), { instanceOf: MillraceError });
  t.is(error?.code, 'MILLRACE_SHAPE');
});
