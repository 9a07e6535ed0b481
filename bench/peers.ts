/** The same job as peers in Python do it, run in turn with ours, for ratios from one and the same run. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainTable } from '../reports/table.ts';
import type { Corpus } from './corpus.ts';
import { build, median, runPass } from './fresh.ts';
import type { BatchesFigures, BatchesOptions } from './passes/batches.ts';
import type { CachedFigures, CachedOptions } from './passes/cached.ts';
import type { PassFigures } from './passes/pass.ts';
import type { VocabularyOptions } from './passes/vocabulary.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'peers');
const BATCH_SIZE = 32;

interface PeerRun {
  readonly rows: number;
  readonly seconds: number;
  readonly peakRssMB: number;
}

/** One way to do the job; `run` may be called several times. */
interface Way {
  readonly name: string;
  /** Python modules that it needs. */
  readonly needs?: readonly string[];
  run(): Promise<PeerRun> | PeerRun;
}

export interface PeerFigures {
  readonly rows: number;
  /** Medians by way; `ratio` is how many times as long it takes as Millrace, cold or cached as it is. */
  readonly ways: Readonly<Record<string, { rowsPerSecond: number; peakRssMB: number; ratio: number }>>;
  readonly skipped: readonly string[];
}

const COLD = 'millrace, cold';
const CACHED = 'millrace, cached';
const HF_CACHED = 'datasets + tokenizers, cached';

/** @param runs how often each way is run, all in turn */
export async function benchPeers(corpus: Corpus, rows: number, python: string, runs: number): Promise<PeerFigures> {
  await build();
  const room = await mkdtemp(join(tmpdir(), 'millrace-peers-'));
  try {
    const save = join(room, 'vocab.json');
    await runPass<VocabularyOptions, PassFigures>('vocabulary', { ...corpus, save });
    const job = { ...corpus, rows, vocabulary: save, batchSize: BATCH_SIZE };
    const peer = (script: string, more: object = {}) => runPython(python, script, { ...job, ...more });
    const ours: BatchesOptions = { ...corpus, vocabulary: save, batchSize: BATCH_SIZE };
    const cachedOurs: CachedOptions = { ...ours, cache: join(room, 'cache') };
    await runPass<CachedOptions, CachedFigures>('cached', cachedOurs);
    let cold = 0;
    const ways: Way[] = [
      { name: COLD, run: () => runPass<BatchesOptions, BatchesFigures>('batches', ours) },
      { name: CACHED, run: () => runPass<CachedOptions, CachedFigures>('cached', cachedOurs) },
      { name: "Python's standard library", run: () => peer('stdlib.py') },
      { name: 'PyTorch DataLoader', needs: ['torch'], run: () => peer('torch_loader.py') },
      { name: 'PyTorch DataLoader, 2 workers', needs: ['torch'], run: () => peer('torch_loader.py', { workers: 2 }) },
      {
        name: 'datasets + tokenizers, cold',
        needs: ['datasets', 'tokenizers'],
        run: () => peer('hf_datasets.py', { cache: join(room, `hf-${cold++}`) }),
      },
      {
        name: HF_CACHED,
        needs: ['datasets', 'tokenizers'],
        run: () => peer('hf_datasets.py', { cache: join(room, 'hf-0') }),
      },
    ];
    const missing = (way: Way) => (way.needs ?? []).filter((module) => !hasModule(python, module));
    const skipped = ways.filter((way) => missing(way).length > 0);
    const able = ways.filter((way) => !skipped.includes(way));
    const figures = new Map(able.map(({ name }) => [name, [] as PeerRun[]]));
    for (let run = 0; run < runs; run++) {
      for (const way of able) figures.get(way.name)?.push(await way.run());
    }
    const seconds = (name: string) => median((figures.get(name) as PeerRun[]).map((one) => one.seconds));
    const tell = (name: string) => ({
      rowsPerSecond: rows / seconds(name),
      peakRssMB: Math.max(...(figures.get(name) as PeerRun[]).map((one) => one.peakRssMB)),
      ratio: seconds(name) / seconds(name === HF_CACHED || name === CACHED ? CACHED : COLD),
    });
    return {
      rows,
      ways: Object.fromEntries(able.map(({ name }) => [name, tell(name)])),
      skipped: skipped.map((way) => `${way.name}: ${python} has no ${missing(way).join(', ')}`),
    };
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}

export function peersTable({ rows, ways, skipped }: PeerFigures): string {
  const table = plainTable(
    ['zip to padded batches', 'rows/s', 'x the time of millrace', 'peak RSS MB'],
    Object.entries(ways).map(([name, { rowsPerSecond, ratio, peakRssMB }]) => [
      name,
      Math.round(rowsPerSecond).toLocaleString('en-US'),
      ratio.toFixed(2),
      peakRssMB.toFixed(0),
    ]),
    [0],
  );
  return [table, `${rows.toLocaleString('en-US')} rows`, ...skipped.map((why) => `not run: ${why}`)].join('\n');
}

function runPython(python: string, script: string, options: object): PeerRun {
  const { status, stdout, stderr, error } = spawnSync(python, [join(folder, script), JSON.stringify(options)], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (error || status !== 0) throw error ?? new Error(`${script} ended with ${status}: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as PeerRun;
}

function hasModule(python: string, module: string): boolean {
  return spawnSync(python, ['-c', `import ${module}`]).status === 0;
}
