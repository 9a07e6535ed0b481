/** How fast an archive becomes padded batches, beside the time that inflating it takes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../pipeline/index.ts';
import { pipelineTable } from '../reports/pipeline-table.ts';
import { plainTable } from '../reports/table.ts';
import type { Corpus } from './corpus.ts';
import { build, median, medianRun, runPass } from './fresh.ts';
import type { BatchesFigures, BatchesOptions } from './passes/batches.ts';
import type { CachedFigures, CachedOptions } from './passes/cached.ts';
import type { InflateOptions } from './passes/inflate.ts';
import type { PassFigures } from './passes/pass.ts';
import type { VocabularyOptions } from './passes/vocabulary.ts';

export interface PipelineFigures {
  /** Lines read, those without a gold label included. */
  readonly rows: number;
  /** Zip to padded batches. */
  readonly rowsPerSecond: number;
  /** What raw inflate of the same bytes takes. */
  readonly inflateSeconds: number;
  /** How many times as long the pipeline takes: the median over runs that followed one another directly. */
  readonly inflateRatio: number;
  readonly peakRssMB: number;
  /** From the start of the process. */
  readonly firstBatchSeconds: number;
  /** Reading the records that batches are made of from a cache, as they travel; and making the batches of them. */
  readonly cachedRowsPerSecond: number;
  readonly cachedBatchesRowsPerSecond: number;
  /** From the start of a process that has the cache. */
  readonly warmFirstBatchSeconds: number;
}

export interface PipelineBench extends PipelineFigures {
  /** Of each pass, the run of median time. */
  readonly passes: {
    readonly inflate: PassFigures;
    readonly vocabulary: PassFigures;
    readonly batches: PassFigures;
    readonly cached: PassFigures;
  };
  readonly report: Report;
}

const BATCH_SIZE = 32;

/**
 * @param limit rows to read; all if there is none
 * @param runs how often each pass is run; floor and pipeline in turn, so that what else the machine does hits both
 */
export async function benchPipeline(corpus: Corpus, limit: number | undefined, runs: number): Promise<PipelineBench> {
  await build();
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    const save = join(folder, 'vocab.json');
    const source = { ...corpus, ...(limit !== undefined && { rows: limit }) };
    const vocabularies: PassFigures[] = [];
    const floors: PassFigures[] = [];
    const all: BatchesFigures[] = [];
    const cached: CachedFigures[] = [];
    for (let run = 0; run < runs; run++) {
      vocabularies.push(await runPass<VocabularyOptions, PassFigures>('vocabulary', { ...source, save }));
      const options = { ...source, vocabulary: save, batchSize: BATCH_SIZE };
      const figures = await runPass<BatchesOptions, BatchesFigures>('batches', options);
      all.push(figures);
      const bytes = figures.report.stages[0]?.bytesOut ?? 0;
      floors.push(await runPass<InflateOptions, PassFigures>('inflate', { ...corpus, bytes }));
      const withCache = { ...options, cache: join(folder, 'cache') };
      // The first one makes the cache.
      if (run === 0) await runPass<CachedOptions, CachedFigures>('cached', withCache);
      cached.push(await runPass<CachedOptions, CachedFigures>('cached', withCache));
    }
    const { rows, report, firstBatchSeconds: _, ...batches } = medianRun(all, ({ seconds }) => seconds);
    return {
      rows,
      rowsPerSecond: rows / batches.seconds,
      inflateSeconds: median(floors.map(({ seconds }) => seconds)),
      inflateRatio: median(all.map(({ seconds }, run) => seconds / (floors[run] as PassFigures).seconds)),
      peakRssMB: Math.max(...all.map(({ peakRssMB }) => peakRssMB)),
      firstBatchSeconds: median(all.map(({ firstBatchSeconds }) => firstBatchSeconds)),
      cachedRowsPerSecond: median(cached.map(({ rows, readSeconds }) => rows / readSeconds)),
      cachedBatchesRowsPerSecond: median(cached.map(({ rows, seconds }) => rows / seconds)),
      warmFirstBatchSeconds: median(cached.map(({ firstBatchSeconds }) => firstBatchSeconds)),
      passes: {
        inflate: medianRun(floors, ({ seconds }) => seconds),
        vocabulary: medianRun(vocabularies, ({ seconds }) => seconds),
        batches,
        cached: medianRun(cached, ({ seconds }) => seconds),
      },
      report,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function pipelineBenchTable({ passes, report, rows, ...figures }: PipelineBench): string {
  const passRow = (name: string, { seconds, cpuSeconds, peakRssMB }: PassFigures) => [
    name,
    seconds.toFixed(3),
    Math.round(rows / seconds).toLocaleString('en-US'),
    (seconds / figures.inflateSeconds).toFixed(2),
    cpuSeconds.toFixed(2),
    peakRssMB.toFixed(0),
  ];
  const table = plainTable(
    ['pass', 'seconds', 'rows/s', 'x inflate', 'CPU s', 'peak RSS MB'],
    [
      passRow('raw inflate', passes.inflate),
      passRow('zip to vocabulary', passes.vocabulary),
      passRow('zip to padded batches', passes.batches),
      passRow('cache to padded batches', passes.cached),
    ],
    [0],
  );
  const { firstBatchSeconds, warmFirstBatchSeconds, cachedRowsPerSecond } = figures;
  const first = `first batch ${firstBatchSeconds.toFixed(3)} s after the process began, ${warmFirstBatchSeconds.toFixed(3)} s with a cache`;
  const read = `${Math.round(cachedRowsPerSecond).toLocaleString('en-US')} rows/s out of the cache, no batches made`;
  return `${table}\n${rows.toLocaleString('en-US')} rows; ${first}; ${read}\n\n${pipelineTable(report)}`;
}
