/** `npm run bench -- pipeline|pipe|workers|meter|train|spinn|glove|tokenize|peers`: what Millrace takes in time and memory, each figure beside its floor. */
import { Command } from 'commander';
import { wholeNumber } from '../commands/options.ts';
import type { EngineName } from '../engine/index.ts';
import { corpusOf, defaultFolder } from './corpus.ts';
import { benchGlove, gloveBenchTable } from './glove.ts';
import { benchMeter, meterBenchTable } from './meter.ts';
import { benchPeers, peersTable } from './peers.ts';
import { benchPipe, pipeBenchTable } from './pipe.ts';
import { benchPipeline, pipelineBenchTable } from './pipeline.ts';
import { save } from './results.ts';
import { benchSpinn, spinnBenchTable } from './spinn.ts';
import { benchTokenize, tokenizeBenchTable } from './tokenize.ts';
import { benchTrain, trainBenchTable } from './train.ts';
import { benchWorkers, workersBenchTable } from './workers.ts';

const SNLI_ROWS = 550_000;
const TOKENIZE_ROWS = 20_000;

interface Flags {
  readonly dir: string;
  readonly runs: number;
  readonly json?: true;
  readonly save?: string;
}

const program = new Command('bench').description('Benchmarks, each beside its floor.');

bench('pipeline', 'zip to padded batches, beside raw inflate')
  .option('--archive <file>', 'an archive of your own')
  .option('--entry <name>', 'its entry in the format of SNLI')
  .option('--rows <n>', `rows to read of it, or to make (default ${SNLI_ROWS})`, wholeNumber(1))
  .action(async (flags: Flags & { archive?: string; entry?: string; rows?: number }) => {
    const { archive, entry, rows } = flags;
    if ((archive === undefined) !== (entry === undefined)) program.error('--archive and --entry go together');
    const own = archive !== undefined && entry !== undefined ? { archive, entry } : undefined;
    const corpus = own ?? (await corpusOf(rows ?? SNLI_ROWS, flags.dir));
    const figures = await benchPipeline(corpus, own && rows, flags.runs);
    const { passes: _, report: __, ...main } = figures;
    await tell(flags, main, pipelineBenchTable(figures));
  });

bench('pipe', 'memory of `millrace pipe` over archives of two sizes, and how fast it starts').action(
  async (flags: Flags) => {
    const figures = await benchPipe(flags.dir, flags.runs);
    await tell(flags, figures, pipeBenchTable(figures));
  },
);

bench('workers', 'zip to padded batches on 0, 1 and 2 worker threads, for an idle consumer')
  .option('--rows <n>', 'rows of the corpus to make', wholeNumber(1), SNLI_ROWS)
  .action(async (flags: Flags & { rows: number }) => {
    const figures = await benchWorkers(flags.rows, flags.dir, flags.runs);
    await tell(flags, figures, workersBenchTable(figures));
  });

bench('meter', 'zip to padded batches with and without the meter')
  .option('--pairs <n>', 'runs of each, in turn', wholeNumber(1), 30)
  .action(async (flags: Flags & { pairs: number }) => {
    const figures = await benchMeter(flags.dir, flags.pairs);
    await tell(flags, figures, meterBenchTable(figures));
  });

bench('train', 'training of each model on each engine, beside stock TensorFlow.js, PyTorch and the peak of products')
  .option('--engine <name>', 'that engine alone (default all that can run here)')
  .option('--steps <n>', 'steps to measure', wholeNumber(1), 60)
  .option('--python <file>', 'a Python with PyTorch, to compare with')
  .action(async (flags: Flags & { engine?: EngineName; steps: number; python?: string }) => {
    const figures = await benchTrain(flags);
    await tell(flags, figures, trainBenchTable(figures), figures.rows);
  });

bench('spinn', 'training of SPINN, beside PyTorch sentence by sentence and an LSTM of its width')
  .option('--steps <n>', 'steps to measure', wholeNumber(1), 40)
  .option('--python <file>', 'a Python with PyTorch, to compare with')
  .action(async (flags: Flags & { steps: number; python?: string }) => {
    const figures = await benchSpinn(flags);
    await tell(flags, figures, spinnBenchTable(figures));
  });

bench('glove', 'vectors of a vocabulary, beside inflating their file and finding its lines')
  .requiredOption('--archive <file>', 'an archive of text vectors, such as glove.6B.zip')
  .requiredOption('--entry <name>', 'its entry, such as glove.6B.100d.txt')
  .option('--words <n>', 'words of the vocabulary', wholeNumber(1), 10_000)
  .action(async ({ archive, entry, words, ...flags }: Flags & { archive: string; entry: string; words: number }) => {
    const figures = await benchGlove({ archive, entry }, words, flags.runs);
    await tell(flags, figures, gloveBenchTable(figures));
  });

bench('tokenize', "our Treebank tokenizer, beside natural's")
  .option('--archive <file>', 'an archive of your own')
  .option('--entry <name>', 'its entry in the format of SNLI')
  .action(async ({ archive, entry, ...flags }: Flags & { archive?: string; entry?: string }) => {
    if ((archive === undefined) !== (entry === undefined)) program.error('--archive and --entry go together');
    const own = archive !== undefined && entry !== undefined ? { archive, entry } : undefined;
    const figures = await benchTokenize(own ?? (await corpusOf(TOKENIZE_ROWS, flags.dir)), flags.runs);
    await tell(flags, figures, tokenizeBenchTable(figures));
  });

bench('peers', 'the same job in Python, as people write it; see bench/peers')
  .option('--rows <n>', 'rows of the corpus to make', wholeNumber(1), SNLI_ROWS)
  .option('--python <file>', 'a Python with the packages of bench/peers/requirements.txt', 'python3')
  .action(async ({ rows, python, ...flags }: Flags & { rows: number; python: string }) => {
    const figures = await benchPeers(await corpusOf(rows, flags.dir), rows, python, flags.runs);
    await tell(flags, figures, peersTable(figures));
  });

await program.parseAsync();

function bench(name: string, summary: string): Command {
  return program
    .command(name)
    .description(summary)
    .option('--dir <folder>', 'where generated corpora are kept', defaultFolder)
    .option('--runs <n>', 'runs to take the median of', wholeNumber(1), 3)
    .option('--json', 'print JSON instead of a table')
    .option('--save <name>', 'write the figures to bench/results/NAME.json too');
}

/** @param printed with `--json`, in place of all figures */
async function tell(flags: Flags, figures: object, table: string, printed = figures): Promise<void> {
  console.log(flags.json ? JSON.stringify(printed) : table);
  if (flags.save !== undefined) await save(flags.save, figures);
}
