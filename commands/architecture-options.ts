/** Options of `train` that belong to one model alone. */
import { type Command, Option } from 'commander';
import type { AdvancedRnnOptions, Architecture, ModelName } from '../models/index.ts';
import { wholeNumber } from './options.ts';

/** What is not given is left to the model. */
export interface ArchitectureFlags extends AdvancedRnnOptions {
  readonly model: ModelName;
}

/** Adds the options of advanced-rnn. Their choices are written out, so that help needs no TensorFlow.js. */
export function addArchitectureOptions(command: Command): Command {
  const choice = (flags: string, words: string, choices: readonly string[]) =>
    command.addOption(new Option(flags, `of advanced-rnn: ${words}`).choices([...choices]));
  choice('--cell <name>', 'its recurrent cell (default: lstm)', ['lstm', 'gru', 'rnn']);
  command
    .option('--layers <n>', 'of advanced-rnn: networks one over the other (default: 1)', wholeNumber(1))
    .option('--bidirectional', 'of advanced-rnn: read each sentence from its end, too (esim always does)')
    .option('--projection <n>', 'of advanced-rnn: bring words to so many numbers before they are read', wholeNumber(1));
  choice('--pooling <name>', 'what of the states a sentence is known by (default: last)', ['last', 'max', 'mean']);
  choice(
    '--attention <name>',
    'inner: several views of each sentence in place of pooling; cross: from word to word of the two (default: none)',
    ['none', 'inner', 'cross'],
  );
  command.option('--views <n>', 'of attention inner: how many (default: 4)', wholeNumber(1));
  const compose = '--compose <name>';
  const composed = 'of attention cross: with recurrent networks below and above, or without any (default: esim)';
  return command.addOption(new Option(compose, composed).choices(['esim', 'decomposable']));
}

const ADVANCED = [
  'cell',
  'layers',
  'bidirectional',
  'pooling',
  'projection',
  'attention',
  'views',
  'compose',
] as const satisfies readonly (keyof AdvancedRnnOptions)[];

/** Ends the program when an option of another model is given. */
export function assertFits(command: Command, flags: ArchitectureFlags): void {
  const wrong = ADVANCED.find((name) => flags[name] !== undefined);
  if (flags.model !== 'simple-rnn' || wrong === undefined) return;
  command.error(`error: --${wrong} is an option of advanced-rnn, and simple-rnn is to be trained`);
}

export function architectureOf(flags: ArchitectureFlags): Architecture {
  if (flags.model === 'simple-rnn') return { model: flags.model };
  const given = ADVANCED.filter((name) => flags[name] !== undefined).map((name) => [name, flags[name]]);
  return { model: flags.model, ...Object.fromEntries(given) };
}
