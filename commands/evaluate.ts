import type { Command } from 'commander';
import type { EngineName } from '../engine/index.ts';
import { type FormatFlags, readFormatFlags, readPairs } from '../stages/index.ts';
import {
  addEngineOption,
  addFormatOptions,
  addSourceOptions,
  type SourceFlags,
  sourceOptions,
  wholeNumber,
} from './options.ts';
import { Progress } from './progress.ts';
import { policyOf, tellLeftOut, toldLeftOut } from './rejects.ts';
import { startEngine } from './start-engine.ts';

export interface EvaluateFlags extends SourceFlags, FormatFlags {
  readonly limit?: number;
  readonly engine: EngineName | 'auto';
  readonly json?: true;
}

/** `millrace evaluate RUN SRC` */
export function configure(command: Command, signal: AbortSignal): void {
  command
    .argument('<run>', 'the folder that train wrote')
    .argument('<source>', 'pairs with a label, or a score if the run was trained on scores')
    .option('--limit <n>', 'measure on so many pairs only', wholeNumber(1))
    .option('--json', 'print one JSON object');
  addEngineOption(addSourceOptions(addFormatOptions(command))).action(
    async (run: string, source: string, flags: EvaluateFlags) => {
      const evaluation = await evaluate(run, source, flags, signal);
      if (!flags.json) {
        console.log((await import('../reports/evaluation-table.ts')).evaluationTable(evaluation));
        return;
      }
      const leftOut = evaluation.target === 'label' ? evaluation.unlabeled : evaluation.unscored;
      if (leftOut > 0) console.error(`${leftOut} pairs without a ${evaluation.target} left out`);
      console.log(JSON.stringify({ ...evaluation, unlabeled: undefined, unscored: undefined }));
    },
  );
}

export async function evaluate(run: string, source: string, flags: EvaluateFlags, signal: AbortSignal) {
  const format = readFormatFlags(flags);
  const { TrainedRun } = await import('../models/index.ts');
  await startEngine(flags.engine, { silent: flags.json ?? false });
  const trained = await TrainedRun.open(run);
  const progress = new Progress();
  const { limit } = flags;
  const rejects = policyOf(flags, [source]);
  const pairs = readPairs(source, { ...sourceOptions(flags), onProgress: progress.download, ...format })
    .onError(rejects)
    .withAbort(signal);
  try {
    const evaluation = await trained.evaluate(limit === undefined ? pairs : pairs.take(limit));
    return { ...evaluation, ...toldLeftOut(rejects.leftOut) };
  } finally {
    progress.stop();
    tellLeftOut(rejects.leftOut, flags);
  }
}
