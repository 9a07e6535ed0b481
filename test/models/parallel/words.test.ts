import { input, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import test from 'ava';
import fc from 'fast-check';
import { startEngine } from '../../../engine/index.ts';
import { JoinPair } from '../../../models/layers/pairs.ts';
import { WordEmbedding } from '../../../models/layers/word-embedding.ts';
import { tableOf, WordNumbers } from '../../../models/parallel/words.ts';
import { buildSimpleRnn } from '../../../models/simple-rnn.ts';
import { batchOf, type IdPair } from '../helpers.ts';

const WORDS = 30;
const sentence = fc.array(fc.integer({ min: 1, max: WORDS - 1 }), { minLength: 1, maxLength: 6 });
const pairs = fc.array(fc.tuple(sentence, sentence), { minLength: 1, maxLength: 5 });

test('each word has one number, which leads back to its id, and the next batch begins anew', (t) => {
  const numbers = new WordNumbers(WORDS);
  fc.assert(
    fc.property(pairs, (some) => {
      const batch = batchOf(some as IdPair[], 1);
      const { ids, batch: local } = numbers.number(batch);
      t.is(ids[0], 0);
      t.is(new Set(ids).size, ids.length);
      t.is(ids.length, 1 + new Set(some.flat(2)).size);
      for (const side of ['premise', 'hypothesis'] as const) {
        t.deepEqual(
          local[side].ids.map((number) => ids[number]!),
          batch[side].ids,
        );
      }
      t.deepEqual({ ...local, premise: batch.premise, hypothesis: batch.hypothesis }, batch);
    }),
  );
});

test('a table is that of the words only if they go nowhere else', async (t) => {
  await startEngine('cpu');
  const config = { vocabularySize: 9, embeddingSize: 3, hiddenSize: 4, seed: 1 };
  t.deepEqual(tableOf(buildSimpleRnn(config))?.shape, [9, 3]);
  t.deepEqual(tableOf(buildSimpleRnn({ ...config, head: 'distance', freezeEmbeddings: true }))?.shape, [9, 3]);
  t.is(tableOf(buildSimpleRnn({ ...config, embeddingSize: 'one-hot' })), undefined);

  const [premise, hypothesis] = ['premise', 'hypothesis'].map((name) => input({ shape: [null], dtype: 'int32', name }));
  const joined = new JoinPair({}).apply([premise!, hypothesis!]) as SymbolicTensor;
  const ours = new WordEmbedding({ vocabularySize: 9, embeddingSize: 3, seed: 1 });
  const theirs = layers.embedding({ inputDim: 9, outputDim: 3 });
  const sum = layers.add().apply([ours, theirs].map((layer) => layer.apply(joined) as SymbolicTensor));
  t.is(tableOf(model({ inputs: [premise!, hypothesis!], outputs: sum as SymbolicTensor })), undefined);
});
