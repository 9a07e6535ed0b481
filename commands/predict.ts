import type { Command } from 'commander';
import type { EngineName } from '../engine/index.ts';
import type { ExplainedPrediction, Prediction, TrainedRun } from '../models/index.ts';
import { type Chunk, MillraceError, Pipeline } from '../pipeline/index.ts';
import { readPairs, type SentencePair } from '../stages/index.ts';
import { addEngineOption } from './options.ts';
import { addRejectOptions, policyOf, type RejectFlags, tellLeftOut } from './rejects.ts';
import { startEngine } from './start-engine.ts';

interface PredictFlags extends RejectFlags {
  readonly premise?: string;
  readonly hypothesis?: string;
  readonly explain?: true;
  readonly json?: true;
  readonly engine: EngineName | 'auto';
}

/** `millrace predict RUN --premise TEXT --hypothesis TEXT`, or pairs as JSON lines on stdin. */
export function configure(command: Command, signal: AbortSignal): void {
  command
    .argument('<run>', 'the folder that train wrote')
    .option('--premise <text>', 'the sentence that is taken for true')
    .option('--hypothesis <text>', 'the sentence that may follow from it')
    .option(
      '--explain',
      'show where the model looked (attention), as which trees it read (spinn), or what each word tells (others)',
    )
    .option('--json', 'with --explain: JSON lines, as there are without it, and not tables or brackets')
    .addHelpText(
      'after',
      '\nWithout --premise and --hypothesis, pairs are read from stdin: {"premise": ..., "hypothesis": ...} a line.',
    );
  addEngineOption(addRejectOptions(command)).action((run: string, flags: PredictFlags) => predict(run, flags, signal));
}

/** One answer about one pair. */
export async function predictPair(run: string, premise: string, hypothesis: string) {
  const trained = await openRun(run, 'auto');
  const [prediction] = await Pipeline.from(trained.predict(onePair(premise, hypothesis))).toArray();
  return prediction as Prediction;
}

async function predict(run: string, flags: PredictFlags, signal: AbortSignal): Promise<void> {
  const rejects = policyOf(flags, []);
  const pairs = pairsOf(flags).onError(rejects);
  const trained = await openRun(run, flags.engine);
  // Chunk by chunk: whoever writes a line and waits for its answer gets it before the next.
  try {
    for await (const chunk of pairs.chunks(signal)) await answer(trained, chunk, flags);
  } finally {
    tellLeftOut(rejects.leftOut, flags);
  }
}

async function openRun(run: string, engine: EngineName | 'auto'): Promise<TrainedRun> {
  const { TrainedRun } = await import('../models/index.ts');
  await startEngine(engine, { silent: true });
  return TrainedRun.open(run);
}

async function answer(trained: TrainedRun, chunk: Chunk<SentencePair>, flags: PredictFlags): Promise<void> {
  const pairs = Pipeline.from(chunk);
  const answers: AsyncIterable<ExplainedPrediction> = flags.explain ? trained.explain(pairs) : trained.predict(pairs);
  const asTables = flags.explain && !flags.json;
  const table = asTables && (await import('../reports/explanation-table.ts')).explanationTable;
  let row = 0;
  for await (const prediction of answers) {
    const { premise, hypothesis } = chunk.get(row++);
    const { id, ...rest } = prediction;
    if (table) console.log(`${table(prediction)}\n`);
    else console.log(JSON.stringify({ id, premise: premise.text, hypothesis: hypothesis.text, ...rest }));
  }
}

function pairsOf({ premise, hypothesis }: PredictFlags): Pipeline<SentencePair> {
  if (premise === undefined && hypothesis === undefined) return readPairs('-', { format: 'jsonl' });
  if (premise === undefined || hypothesis === undefined || !premise.trim() || !hypothesis.trim()) {
    throw new MillraceError('MILLRACE_USAGE', 'A pair has two sentences', {
      expected: 'both --premise and --hypothesis, neither empty, or neither given and pairs on stdin',
    });
  }
  return onePair(premise, hypothesis);
}

function onePair(premise: string, hypothesis: string): Pipeline<SentencePair> {
  const origin = { source: 'command line' };
  return Pipeline.from([{ id: '1', premise: { text: premise }, hypothesis: { text: hypothesis }, origin }]);
}
