import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { LabelEvaluation, LabelPrediction } from '../models/index.ts';
import { evaluate } from './evaluate.ts';
import { predictPair } from './predict.ts';
import { type TrainFlags, train } from './train.ts';

const ARCHIVE = 'millrace_nli_1.0';
const VECTORS = 'glove.mini.50d';

/** Pairs that the corpus does not hold. */
const QUESTIONS = [
  ['A woman is eating a pizza at home.', 'A person is eating.'],
  ['A woman is eating a pizza at home.', 'A tired woman is eating a pizza at home.'],
  ['A woman is eating a pizza at home.', 'A woman is drinking juice at home.'],
] as const;

/** `millrace demo`: the main job, from a zip to answers, on the corpus that comes along. */
export function configure(command: Command, signal: AbortSignal): void {
  command
    .option('--out <run>', 'the folder to write the trained model to', 'runs/demo')
    .action(async ({ out }: { out: string }) => {
      const corpus = (split: string) => `${fixture(`${ARCHIVE}.zip`)}#${ARCHIVE}/${ARCHIVE}_${split}.jsonl`;
      const common = { onError: 'fail', engine: 'auto' } as const;
      const flags: TrainFlags = {
        ...common,
        model: 'simple-rnn',
        train: [corpus('train')],
        dev: corpus('dev'),
        glove: fixture(`${VECTORS}.zip`),
        missing: 'nearest',
        tokenize: 'auto',
        lowercase: true,
        minCount: 1,
        hiddenSize: 100,
        head: 'classifier',
        target: 'label',
        dropout: 0.2,
        epochs: 12,
        patience: 5,
        batchSize: 32,
        workers: 1,
        classWeights: 'none',
        learningRate: 0.001,
        decay: 0.5,
        clip: 5,
        seed: 1,
        saveEvery: 500,
        out,
      };
      const { best, seconds } = await train(flags, signal);
      // It was trained on labels.
      const test = (await evaluate(out, corpus('test'), common, signal)) as LabelEvaluation;
      console.log(`trained in ${seconds.toFixed(1)} s, ${out} holds the model of epoch ${best.epoch}`);
      console.log(`dev accuracy  ${best.devAccuracy!.toFixed(4)}`);
      console.log(`test accuracy ${test.accuracy.toFixed(4)}`);
      for (const [premise, hypothesis] of QUESTIONS) {
        const { label, probabilities } = (await predictPair(out, premise, hypothesis)) as LabelPrediction;
        console.log(`"${premise}" -> "${hypothesis}": ${label} (${(100 * probabilities[label]).toFixed(0)}%)`);
      }
      console.log(`\nAsk it yourself: npx millrace predict ${out} --premise "..." --hypothesis "..."`);
    });
}

/** A file of `fixtures/`, which is beside `commands/` in the repository and above `dist/` in the package. */
function fixture(name: string): string {
  const here = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  return existsSync(here) ? here : fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));
}
