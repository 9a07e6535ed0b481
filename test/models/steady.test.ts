import { memory } from '@tensorflow/tfjs-core';
import test from 'ava';
import { startEngine } from '../../engine/index.ts';
import { buildAdvancedRnn } from '../../models/advanced-rnn.ts';
import { train } from '../../models/train.ts';
import { batchOf, tinyPairs } from './helpers.ts';

const STEPS = 1000;
/** By then compilers have compiled and heaps have grown. */
const WARM = 300;

test('1,000 steps take no more tensors and no more memory than the first 300', async (t) => {
  await startEngine('wasm');
  const model = buildAdvancedRnn({
    ...{ vocabularySize: 500, embeddingSize: 20, hiddenSize: 24, seed: 1 },
    ...{ layers: 2, bidirectional: true, pooling: 'max' },
  });
  const batches = Array.from({ length: 20 }, (_, i) => batchOf(tinyPairs(16, i + 1, 500)));
  const enough = new AbortController();
  const tensors = new Set<number>();
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
      if (record.type !== 'step') return;
      if (record.step > WARM) {
        tensors.add(memory().numTensors);
        resident.push(process.memoryUsage.rss());
      }
      if (record.step === STEPS) enough.abort();
    },
  });
  t.is(resident.length, STEPS - WARM);
  t.is(tensors.size, 1);
  // The least of 100 steps each: what garbage there is comes and goes.
  const [early, late] = [Math.min(...resident.slice(0, 100)), Math.min(...resident.slice(-100))];
  t.true(late - early < 16e6, `from ${early / 1e6} to ${late / 1e6} MB`);
});
