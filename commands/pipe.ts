import type { Command } from 'commander';
import type { Report } from '../pipeline/index.ts';
import { pipelineTable } from '../reports/pipeline-table.ts';
import { catalog, compose, writeFileAtomic } from '../stages/index.ts';
import { addSourceOptions, type SourceFlags, sourceOptions, tellChoice, wholeNumber, workerCount } from './options.ts';
import { writeRecords } from './output.ts';
import { printable } from './print.ts';
import { Progress } from './progress.ts';
import { policyOf, tellLeftOut } from './rejects.ts';

interface PipeFlags extends SourceFlags {
  readonly to: string;
  readonly limit?: number;
  readonly seed: number;
  readonly workers: number | 'auto';
  readonly stats?: true;
  readonly trace?: string;
  readonly all?: true;
}

/** `millrace pipe SOURCE [STAGE...]` */
export function configure(command: Command, signal: AbortSignal): void {
  addSourceOptions(
    command
      .usage('SOURCE [STAGE[:option=value,...]]... [options]')
      .argument(
        '<source>',
        'PATH_OR_URL[#ENTRY], "-" for stdin, or a corpus: snli:train, snli:dev, snli:test, glove:6B.100d',
      )
      .argument('[stages...]', 'stages, in order; see below')
      .option('--to <file>', 'where the JSON lines go, "-" for stdout; FILE.arrow for an Arrow file', '-')
      .option('--limit <n>', 'stop after so many records', wholeNumber())
      .option('--seed <n>', 'for stages that draw at random', wholeNumber(), 0)
      .option('--workers <n>', 'threads for the first stages that can run on them, or auto', workerCount, 'auto')
      .option('--stats', 'print what each stage did, and which one limits, to stderr')
      .option('--trace <file>', 'write when each stage was at work, for chrome://tracing or Perfetto')
      .option('--all', "print the corpus' own fields too: parses, caption ids, annotators' labels"),
  )
    .addHelpText('after', stageHelp)
    .action((source: string, stages: string[], flags: PipeFlags) => pipe(source, stages, flags, signal));
}

async function pipe(source: string, stages: string[], flags: PipeFlags, signal: AbortSignal): Promise<void> {
  const progress = new Progress();
  const { seed, limit, workers } = flags;
  const composed = compose(source, stages, {
    ...{ ...sourceOptions(flags), seed, workers },
    onProgress: progress.download,
    ...(flags.stats && { onChoice: tellChoice }),
  });
  const limited = limit === undefined ? composed : composed.take(limit);
  const rejects = policyOf(flags, [source]);
  const pipeline = limited.onError(rejects);
  try {
    await writeRecords(pipeline, flags.to, (record) => printable(record, flags.all), signal);
  } catch (error) {
    tellLeftOut(rejects.leftOut, flags);
    throw error;
  } finally {
    progress.stop();
  }
  tellLeftOut(leftOutIn(pipeline.report()), flags);
  if (flags.trace !== undefined) await writeFileAtomic(flags.trace, JSON.stringify({ traceEvents: pipeline.trace() }));
  if (flags.stats) console.error(pipelineTable(pipeline.report()));
}

/** How many records broke which rule in any stage, those included that a cache was made without. */
function leftOutIn({ stages }: Report): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const [kind, count] of stages.flatMap(({ rejectedBy }) => Object.entries(rejectedBy))) {
    kinds.set(kind, (kinds.get(kind) ?? 0) + count);
  }
  return kinds;
}

/** Every stage with its options and an example, from the catalog. */
function stageHelp(): string {
  const parts = Object.entries(catalog).map(([name, { summary, example, options, main }]) => {
    const lines = Object.entries(options).flatMap(([option, { help, placeholder, fallback, choices }]) => [
      `      ${option}=${placeholder}  ${help}${fallback === undefined ? '' : ` (default ${fallback})`}${option === main ? ' [main option]' : ''}`,
      ...Object.entries(choices ?? {}).map(([choice, meaning]) => `          ${choice}: ${meaning}`),
    ]);
    return [`  ${name}: ${summary}`, ...lines, `      millrace ${example}`].join('\n');
  });
  return `
Stages, written STAGE:option=value,option=value; the first value may go without a name, and is the main option then.
A comma within a value is written \\,

${parts.join('\n\n')}
`;
}
