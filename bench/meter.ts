/** What it costs to meter every stage of a pipeline, always. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainTable } from '../reports/table.ts';
import { corpusOf } from './corpus.ts';
import { build, median, runPass } from './fresh.ts';
import type { MeterFigures, MeterOptions } from './passes/meter.ts';
import type { PassFigures } from './passes/pass.ts';
import type { VocabularyOptions } from './passes/vocabulary.ts';

export interface MeterBench {
  readonly rows: number;
  readonly pairs: number;
  /** CPU seconds of all threads from zip to padded batches, the median. */
  readonly meteredSeconds: number;
  readonly unmeteredSeconds: number;
  /** What metering adds, as a share of the run without: the median over runs that followed one another directly. */
  readonly overhead: number;
  /** The same, the quartiles: what one pair of runs tells from another, though nothing but chance does. */
  readonly quartiles: readonly [lower: number, upper: number];
}

const ROWS = 200_000;
const BATCH_SIZE = 32;

export async function benchMeter(dir: string, pairs: number): Promise<MeterBench> {
  const corpus = await corpusOf(ROWS, dir);
  await build();
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    const save = join(folder, 'vocab.json');
    await runPass<VocabularyOptions, PassFigures>('vocabulary', { ...corpus, save });
    const { metered, unmetered } = await runPass<MeterOptions, MeterFigures>('meter', {
      ...corpus,
      vocabulary: save,
      batchSize: BATCH_SIZE,
      pairs,
    });
    const overheads = metered.map((seconds, pair) => seconds / (unmetered[pair] as number) - 1).sort((a, b) => a - b);
    const middle = median(overheads);
    return {
      rows: ROWS,
      pairs,
      meteredSeconds: median(metered),
      unmeteredSeconds: median(unmetered),
      overhead: middle,
      quartiles: [
        median(overheads.filter((overhead) => overhead <= middle)),
        median(overheads.filter((overhead) => overhead >= middle)),
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function meterBenchTable({
  rows,
  pairs,
  meteredSeconds,
  unmeteredSeconds,
  overhead,
  quartiles,
}: MeterBench): string {
  const percent = (share: number) => `${(100 * share).toFixed(2)}%`;
  const table = plainTable(
    ['zip to padded batches', 'CPU s'],
    [
      ['metered', meteredSeconds.toFixed(3)],
      ['unmetered', unmeteredSeconds.toFixed(3)],
    ],
    [0],
  );
  return `${table}
${rows.toLocaleString('en-US')} rows, ${pairs} runs of each in turn; metering adds ${percent(overhead)} (quartiles ${quartiles.map(percent).join(' and ')})`;
}
