/** `millrace train --resume RUN`: the flags that the run was begun with, and where it was stopped. */
import { type Command, Option } from 'commander';
import type { ModelName, RunCheckpoint } from '../models/index.ts';
import type { TrainFlags } from './train.ts';

/** What may be given anew; all else is as the run was begun with. */
const givenAnew: readonly string[] = [
  'epochs',
  'patience',
  'saveEvery',
  'engine',
  'cacheDir',
  'mirror',
  'limits',
  'json',
];

/** What a training cannot begin without. Commander would see to it, were it not for `--resume`. */
const needed = ['train', 'dev', 'out'];

/** Adds `--resume`, after all other options of `train`: those that it excludes must be known. */
export function addResumeOption(command: Command): void {
  const fixed = command.options.map((option) => option.attributeName()).filter((name) => !givenAnew.includes(name));
  const words = 'go on with a training that was stopped, or take it further with more --epochs';
  command.addOption(new Option('--resume <run>', words).conflicts(fixed));
}

/** The flags to train with, and the checkpoint to go on from if there is to be one. */
export async function resumed(
  command: Command,
  model: string | undefined,
  given: Omit<TrainFlags, 'model'> & Partial<Pick<TrainFlags, 'model'>>,
): Promise<{ flags: TrainFlags; resume?: RunCheckpoint }> {
  const run = command.getOptionValue('resume') as string | undefined;
  if (run === undefined) {
    const chosen = model ?? given.model;
    assertComplete(command, chosen);
    return { flags: { ...given, model: chosen as ModelName } };
  }
  const { readCheckpoint } = await import('../models/index.ts');
  const resume = await readCheckpoint<RunCheckpoint>(run);
  const anew = Object.entries(given).filter(
    ([name]) => givenAnew.includes(name) && command.getOptionValueSource(name) !== 'default',
  );
  const begunWith = resume.training as unknown as TrainFlags;
  return { flags: { ...begunWith, ...Object.fromEntries(anew), out: run }, resume };
}

function assertComplete(command: Command, model: string | undefined): void {
  if (model === undefined) command.error("error: missing required argument 'model', or --recipe");
  for (const option of command.options) {
    const name = option.attributeName();
    if (!needed.includes(name) || command.getOptionValue(name) !== undefined) continue;
    command.error(`error: required option '${option.flags}' not specified`);
  }
}
