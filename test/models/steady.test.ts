import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { memory } from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import { buildAdvancedRnn } from '../../models/advanced-rnn.ts';
import { train } from '../../models/train.ts';
import { batchOf, tinyPairs } from './helpers.ts';

const STEPS = 1000;
/** By then compilers have compiled and heaps have grown. */
const WARM = 300;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('1,000 steps take no more tensors and no more memory than the first 300', async (t) => {
  await startEngine('wasm');
  const model = buildAdvancedRnn({
    ...{ vocabularySize: 500, embeddingSize: 20, hiddenSize: 24, seed: 1 },
    ...{ layers: 2, bidirectional: true, pooling: 'max' },
  });
  const batches = Array.from({ length: 20 }, (_, i) => batchOf(tinyPairs(16, i + 1, 500)));
  const enough = new AbortController();
  const tensors = new Set<number>();
  const held: number[] = [];
  const resident: number[] = [];
  await train({
    model,
    async *train() {
      for (let step = 0; step < STEPS; step++) yield batches[step % batches.length]!;
    },
    dev: () => [] as never,
    epochs: 1,
    signal: enough.signal,
    onRecord(record) {
      if (record.type !== 'step' || record.step < WARM) return;
      tensors.add(memory().numTensors);
      if (record.step === WARM || record.step === STEPS) {
        collectGarbage();
        const { heapUsed, external, rss } = process.memoryUsage();
        held.push((heapUsed + external) / 1e6);
        resident.push(rss / 1e6);
      }
      if (record.step === STEPS) enough.abort();
    },
  });
  t.is(tensors.size, 1);
  // To keep the gradients of the weights alone would take 100 MB in so many steps. Of pages that it has emptied Node keeps
  // some tens.
  t.true(held[1]! - held[0]! < 4, `held: from ${held[0]} to ${held[1]} MB`);
  t.true(resident[1]! - resident[0]! < 50, `resident: from ${resident[0]} to ${resident[1]} MB`);
});
