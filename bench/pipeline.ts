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
}

export interface PipelineBench extends PipelineFigures {
  /** Of each pass, the run of median time. */
  readonly passes: { readonly inflate: PassFigures; readonly vocabulary: PassFigures; readonly batches: PassFigures };
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
    for (let run = 0; run < runs; run++) {
      vocabularies.push(await runPass<VocabularyOptions, PassFigures>('vocabulary', { ...source, save }));
      const figures = await runPass<BatchesOptions, BatchesFigures>('batches', {
        ...source,
        vocabulary: save,
        batchSize: BATCH_SIZE,
      });
      all.push(figures);
      const bytes = figures.report.stages[0]?.bytesOut ?? 0;
      floors.push(await runPass<InflateOptions, PassFigures>('inflate', { ...corpus, bytes }));
    }
    const { rows, report, firstBatchSeconds: _, ...batches } = medianRun(all, ({ seconds }) => seconds);
    return {
      rows,
      rowsPerSecond: rows / batches.seconds,
      inflateSeconds: median(floors.map(({ seconds }) => seconds)),
      inflateRatio: median(all.map(({ seconds }, run) => seconds / (floors[run] as PassFigures).seconds)),
      peakRssMB: Math.max(...all.map(({ peakRssMB }) => peakRssMB)),
      firstBatchSeconds: median(all.map(({ firstBatchSeconds }) => firstBatchSeconds)),
      passes: {
        inflate: medianRun(floors, ({ seconds }) => seconds),
        vocabulary: medianRun(vocabularies, ({ seconds }) => seconds),
        batches,
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
    ],
    [0],
  );
  const first = `first batch ${figures.firstBatchSeconds.toFixed(3)} s after the process began`;
  return `${table}\n${rows.toLocaleString('en-US')} rows; ${first}\n\n${pipelineTable(report)}`;
}
