/** How long a step of training takes, beside what its matrix products alone would take, and what it waits for data. */
import type { EngineName } from '../engine/index.ts';
import { plainTable } from '../reports/table.ts';
import { corpusOf } from './corpus.ts';
import { build, medianRun, runPass } from './fresh.ts';
import type { TrainFigures, TrainOptions } from './passes/train.ts';

/** Rows enough for a vocabulary near that of SNLI's training split. */
const ROWS = 60_000;

export async function benchTrain(options: { dir: string; runs: number; engine: EngineName | 'auto'; steps: number }) {
  const { dir, runs, engine, steps } = options;
  const corpus = await corpusOf(ROWS, dir);
  await build();
  const all: TrainFigures[] = [];
  for (let run = 0; run < runs; run++) {
    all.push(
      await runPass<TrainOptions, TrainFigures>('train', {
        ...corpus,
        engine,
        steps,
        embeddingSize: 100,
        hiddenSize: 100,
        batchSize: 32,
      }),
    );
  }
  return medianRun(all, ({ stepMilliseconds }) => stepMilliseconds);
}

export function trainBenchTable(figures: TrainFigures): string {
  const { stepMilliseconds, floorMilliseconds } = figures;
  const table = plainTable(
    ['engine', 'steps', 'ms/step', 'floor ms', 'x floor', 'pairs/s', 'waiting for data', 'peak RSS MB'],
    [
      [
        figures.engine,
        figures.steps.toString(),
        stepMilliseconds.toFixed(2),
        floorMilliseconds.toFixed(2),
        (stepMilliseconds / floorMilliseconds).toFixed(1),
        figures.pairsPerSecond.toFixed(0),
        `${(100 * figures.dataWaitShare).toFixed(2)}%`,
        figures.peakRssMB.toFixed(0),
      ],
    ],
    [0],
  );
  const { words, parameters, peakGflops, firstBatchSeconds } = figures;
  return `${table}
simple RNN, embeddings 100, hidden 100, batches of 32; ${words} words, ${parameters} parameters
floor: the step's matrix products at ${peakGflops.toFixed(1)} GFLOP/s, the best that the engine did
first batch after ${firstBatchSeconds.toFixed(3)} s`;
}
