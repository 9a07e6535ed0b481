import { mul, type Tensor, tensor, tensor2d } from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../../engine/index.ts';
import { WordEmbedding } from '../../../models/layers/word-embedding.ts';
import { distance, finiteDifferences, randomTensor, tapeGradients, variablesOf } from '../helpers.ts';

const IDS = [
  [2, 3, 2, 0],
  [1, 0, 0, 0],
];

function embedding(embeddingSize: number | 'one-hot', trainable = true): WordEmbedding {
  const layer = new WordEmbedding({ vocabularySize: 5, embeddingSize, trainable, seed: 0 });
  layer.apply(tensor2d(IDS, undefined, 'int32'));
  return layer;
}

const look = (layer: WordEmbedding) => layer.apply(tensor2d(IDS, undefined, 'int32')) as Tensor;

for (const engine of ['cpu', 'wasm'] as const) {
  test.serial(`${engine}: a word is its row, padding is zeros`, async (t) => {
    await startEngine(engine);
    const layer = embedding(2);
    layer.setWeights([tensor([9, 9, 1, 10, 2, 20, 3, 30, 4, 40], [5, 2])]);
    t.deepEqual([...look(layer).dataSync()], [2, 20, 3, 30, 2, 20, 0, 0, 1, 10, 0, 0, 0, 0, 0, 0]);
    t.deepEqual(
      [...layer.computeMask(tensor2d(IDS, undefined, 'int32')).dataSync()].map(Number),
      [1, 1, 1, 0, 1, 0, 0, 0],
    );
  });

  test.serial(`${engine}: the gradient is that of finite differences, and padding has none`, async (t) => {
    await startEngine(engine);
    const layer = embedding(3);
    const weight = randomTensor([2, 4, 3], 1);
    const loss = () => mul(look(layer), weight);
    const [tape] = tapeGradients(loss, variablesOf(layer));
    const [numeric] = finiteDifferences(loss, variablesOf(layer), 1e-2);
    t.true(distance(tape!, numeric!) < 1e-3);
    t.deepEqual([...tape!.subarray(0, 3)], [0, 0, 0]);
    t.true(Math.abs(tape![6]!) > 0.01);
  });

  test.serial(`${engine}: one-hot has nothing to learn`, async (t) => {
    await startEngine(engine);
    const layer = embedding('one-hot');
    const expected = IDS.flat().flatMap((id) => Array.from({ length: 5 }, (_, k) => (id !== 0 && k === id ? 1 : 0)));
    t.deepEqual([...look(layer).dataSync()], expected);
    t.is(layer.weights.length, 0);
    t.deepEqual(layer.computeOutputShape([null, null]), [null, null, 5]);
  });
}

test.serial('frozen vectors are weights that are not trained', async (t) => {
  await startEngine('cpu');
  const layer = embedding(2, false);
  t.is(layer.trainableWeights.length, 0);
  t.is(layer.weights.length, 1);
});

test.serial('the same seed, 0 too, draws the same vectors, and another seed others', async (t) => {
  await startEngine('cpu');
  const vectors = (seed: number) => {
    const layer = new WordEmbedding({ vocabularySize: 5, embeddingSize: 4, seed });
    layer.apply(tensor2d(IDS, undefined, 'int32'));
    return [...layer.getWeights()[0]!.dataSync()];
  };
  t.deepEqual(vectors(0), vectors(0));
  t.notDeepEqual(vectors(0), vectors(1));
});
