/** What `engines.test.ts` asks: the life of a run of each model, in a process with an engine of its own. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EngineName, startEngine } from '../../engine/index.ts';
import {
  type Architecture,
  type RunCheckpoint,
  readCheckpoint,
  TrainedRun,
  type TrainRecord,
  type TrainRunOptions,
  trainRun,
} from '../../models/index.ts';
import { Pipeline } from '../../pipeline/index.ts';
import { readPairs } from '../../stages/index.ts';
import { rowsOf } from '../commands/run-cli.ts';

/** What a run came to, by the model. */
export interface Life {
  /** Losses of its steps, and of its epochs on the dev split; the second epoch was resumed. */
  readonly losses: number[];
  readonly testLoss: number;
  readonly probabilities: number[];
  /** Weights of attention, or what the answer owes to each word. */
  readonly weights: number[];
  /** Trees. */
  readonly brackets: string[];
}

const MODELS: Readonly<Record<string, Architecture>> = {
  simple: { model: 'simple-rnn' },
  'lstm max': { model: 'advanced-rnn', bidirectional: true, layers: 2, pooling: 'max' },
  inner: { model: 'advanced-rnn', cell: 'gru', attention: 'inner', views: 2 },
  esim: { model: 'advanced-rnn', attention: 'cross' },
  decomposable: { model: 'advanced-rnn', attention: 'cross', compose: 'decomposable' },
  spinn: { model: 'spinn', trackerSize: 3 },
  'spinn without a tracker': { model: 'spinn', trees: 'balanced', trackerSize: 0 },
  'spinn with a parser': { model: 'spinn', trees: 'predicted', trackerSize: 3 },
};

/** An engine without kernels of ours takes a second for a step of some models. */
const PAIRS = { train: 12, dev: 4, test: 3 };

async function live(architecture: Architecture, archive: string, out: string): Promise<Life> {
  const pairs = (split: keyof typeof PAIRS) =>
    readPairs(`${archive}#snli_1.0/snli_1.0_${split}.jsonl`).take(PAIRS[split]);
  const options: TrainRunOptions = {
    ...{ architecture, out, train: pairs('train'), dev: pairs('dev'), head: 'classifier' as const },
    ...{ embeddingSize: 5, hiddenSize: 4, freezeEmbeddings: false, dropout: 0.2, seed: 3, version: '0' },
    ...{ epochs: 1, patience: 5, batchSize: 6, learningRate: 1e-4, decay: 0.5, maxGradientNorm: 5 },
    ...{ tokenizer: 'parse' as const, lowercase: true },
  };
  await trainRun(options);
  await trainRun({ ...options, epochs: 2, resume: await readCheckpoint<RunCheckpoint>(out) });
  const records = rowsOf<TrainRecord>(await readFile(join(out, 'metrics.jsonl'), 'utf8'));
  const run = await TrainedRun.open(out);
  const measured = await run.evaluate(pairs('test'));
  const predictions = await Pipeline.from(run.predict(pairs('test'))).toArray();
  const explained = await Pipeline.from(run.explain(pairs('test'))).toArray();
  run.model.dispose();
  return {
    losses: records.map((record) => (record.type === 'step' ? record.loss : record.devLoss)),
    testLoss: measured.target === 'label' ? measured.loss : Number.NaN,
    probabilities: predictions.flatMap((told) => ('probabilities' in told ? Object.values(told.probabilities) : [])),
    weights: explained.flatMap(({ attention, importance }) => [
      ...(attention ? [attention.premise, attention.hypothesis].flat(2) : []),
      ...(importance ? [...importance.premise, ...importance.hypothesis] : []),
    ]),
    brackets: explained.flatMap(({ trees }) => (trees ? [trees.premise.brackets, trees.hypothesis.brackets] : [])),
  };
}

const [engine, folder, archive, ...names] = process.argv.slice(2) as [EngineName, string, string, ...string[]];
await startEngine(engine);
const lives: Record<string, Life> = {};
for (const name of names.length > 0 ? names : Object.keys(MODELS)) {
  lives[name] = await live(MODELS[name]!, archive, join(folder, `${engine} ${name}`));
}
process.send?.(lives, () => process.disconnect());
