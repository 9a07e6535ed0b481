/** What worker threads do for the main thread: zip to batches at several numbers of them, for a consumer that is idle. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainTable } from '../reports/table.ts';
import { corpusOf } from './corpus.ts';
import { build, medianRun, runPass } from './fresh.ts';
import type { PassFigures } from './passes/pass.ts';
import type { VocabularyOptions } from './passes/vocabulary.ts';
import type { WorkersFigures, WorkersOptions } from './passes/workers.ts';

export interface WorkersBench {
  readonly rows: number;
  /** By number of worker threads, the run of median time. */
  readonly runs: readonly {
    readonly workers: number;
    readonly rowsPerSecond: number;
    /** Share of the time in which the main thread was at work. */
    readonly mainShare: number;
    /** CPU time of the main thread, where the system tells. */
    readonly mainCpuSeconds?: number;
    readonly cpuSeconds: number;
    readonly peakRssMB: number;
  }[];
}

const WORKERS = [0, 1, 2];
const BATCH_SIZE = 32;

/** @param runs how often each is run, in turn, so that what else the machine does hits all */
export async function benchWorkers(rows: number, dir: string, runs: number): Promise<WorkersBench> {
  const corpus = await corpusOf(rows, dir);
  await build();
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    const save = join(folder, 'vocab.json');
    await runPass<VocabularyOptions, PassFigures>('vocabulary', { ...corpus, save });
    const all = WORKERS.map((workers) => ({ workers, figures: [] as WorkersFigures[] }));
    for (let run = 0; run < runs; run++) {
      for (const { workers, figures } of all) {
        const options = { ...corpus, vocabulary: save, batchSize: BATCH_SIZE, workers };
        figures.push(await runPass<WorkersOptions, WorkersFigures>('workers', options));
      }
    }
    return {
      rows,
      runs: all.map(({ workers, figures }) => {
        const median = medianRun(figures, ({ seconds }) => seconds);
        const { seconds, mainShare, mainCpuSeconds, passCpuSeconds, peakRssMB } = median;
        return {
          workers,
          rowsPerSecond: rows / seconds,
          mainShare,
          ...(mainCpuSeconds !== undefined && { mainCpuSeconds }),
          cpuSeconds: passCpuSeconds,
          peakRssMB,
        };
      }),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function workersBenchTable({ rows, runs }: WorkersBench): string {
  const table = plainTable(
    ['workers', 'rows/s', 'main thread busy', 'its CPU s', 'CPU s', 'peak RSS MB'],
    runs.map(({ workers, rowsPerSecond, mainShare, mainCpuSeconds, cpuSeconds, peakRssMB }) => [
      workers.toString(),
      Math.round(rowsPerSecond).toLocaleString('en-US'),
      `${(100 * mainShare).toFixed(1)}%`,
      mainCpuSeconds?.toFixed(2) ?? '?',
      cpuSeconds.toFixed(2),
      peakRssMB.toFixed(0),
    ]),
    [],
  );
  return `${table}\n${rows.toLocaleString('en-US')} rows from zip to padded batches, made as fast as they can be, for a consumer that does nothing`;
}
