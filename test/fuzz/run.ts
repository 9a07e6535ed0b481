/**
 * `npm run fuzz -- [--target NAME] [--inputs N] [--seed S] [--json]`: thousands of broken files for all that reads files.
 * None may hang, crash, take more than 256 MiB or end with another error than a MillraceError. What fails is put into
 * `test/fuzz/failures/TARGET`, from where the tests read it from then on.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { collect, wholeNumber } from '../../commands/options.ts';
import { unknownName } from '../../pipeline/errors.ts';
import { plainTable } from '../../reports/table.ts';
import { targets } from './targets/index.ts';
import { type Failure, type Figures, watch } from './watch.ts';

interface Flags {
  readonly target: readonly string[];
  readonly inputs: number;
  readonly seed: number;
  readonly json?: true;
}

const {
  target: chosen,
  inputs,
  seed,
  json,
} = new Command('fuzz')
  .description('Broken files, thousands, for all that reads files.')
  .option('--target <name>', 'that target alone; may be given again', collect, [])
  .option('--inputs <n>', 'inputs to a target', wholeNumber(1), 10_000)
  .option('--seed <n>', 'the same seed makes the same inputs', wholeNumber(), 1)
  .option('--json', 'print JSON instead of a table')
  .parse()
  .opts<Flags>();

const all: Figures[] = [];
for (const name of chosen.length > 0 ? chosen : Object.keys(targets)) {
  if (!Object.hasOwn(targets, name)) throw unknownName('target', name, Object.keys(targets));
  const figures = await watch(name, {
    seed,
    inputs,
    perProcess: PER_PROCESS,
    onFailure: (failure) => keep(name, failure),
  });
  if (json)
    console.log(JSON.stringify({ ...figures, failures: figures.failures.map(({ input: _, ...told }) => told) }));
  all.push(figures);
}
if (!json) console.log(tableOf(all));
process.exitCode = all.some(({ failures }) => failures.length > 0) ? 1 : 0;

/** Tells of a failure, the first of its cause, and keeps its input. */
async function keep(target: string, { kind, number, signature, text, input }: Failure): Promise<void> {
  if (!input) return;
  const folder = new URL(`./failures/${target}/`, import.meta.url);
  const file = fileURLToPath(new URL(`${kind}-${seed}-${number}`, folder));
  await mkdir(folder, { recursive: true });
  await writeFile(file, input);
  console.error(`${target} ${number}: ${signature}\n${text}\n  kept as ${file}\n`);
}

function tableOf(figures: readonly Figures[]): string {
  const head = ['target', 'inputs', 'taken', 'refused', 'failures', 'slowest ms', 'peak MiB'];
  const rows = figures.map(({ target, inputs: read, failures, codes, slowest, peak }) => {
    const taken = codes.taken ?? 0;
    const refused = Object.entries(codes).filter(([code]) => code !== 'taken' && code !== 'failure');
    const counts = [read, taken, refused.reduce((sum, [, count]) => sum + count, 0), failures.length];
    return [target, ...counts.map(String), slowest.ms.toFixed(0), (peak / 2 ** 20).toFixed(0)];
  });
  return plainTable(head, rows, [0]);
}
