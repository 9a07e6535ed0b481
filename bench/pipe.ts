/** Whether `millrace pipe` keeps its memory flat whatever the archive's size, and how fast the command starts. */
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { plainTable } from '../reports/table.ts';
import { corpusOf } from './corpus.ts';
import { build, cli, median, node, passPath } from './fresh.ts';

export interface PipeBench {
  readonly archives: readonly { readonly rows: number; readonly seconds: number; readonly peakRssMB: number }[];
  /** Whole processes, from their start to their end. */
  readonly helpSeconds: number;
  readonly oneLineSeconds: number;
}

/** Some 100 and 500 MB, inflated. */
const SIZES = [110_000, 550_000];
const STARTS = 10;

export async function benchPipe(dir: string, runs: number): Promise<PipeBench> {
  await build();
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    const archives: PipeBench['archives'][number][] = [];
    for (const rows of SIZES) {
      const { archive, entry } = await corpusOf(rows, dir);
      const seconds: number[] = [];
      const peaks: number[] = [];
      for (let run = 0; run < runs; run++) {
        const stages = ['parse:snli', 'tokenize:parse', 'lowercase', 'transitions'];
        const peak = join(folder, 'peak');
        seconds.push(await secondsOf(['pipe', `${archive}#${entry}`, ...stages], peak));
        peaks.push(Number(await readFile(peak, 'utf8')));
      }
      archives.push({ rows, seconds: median(seconds), peakRssMB: Math.max(...peaks) });
    }
    const line = join(folder, 'line.txt');
    await writeFile(line, 'A rose is a rose.\n');
    const helps: number[] = [];
    const lines: number[] = [];
    for (let start = 0; start < STARTS; start++) {
      helps.push(await secondsOf(['--help']));
      lines.push(await secondsOf(['pipe', line]));
    }
    return { archives, helpSeconds: median(helps), oneLineSeconds: median(lines) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the command line, its output thrown away. */
async function secondsOf(args: readonly string[], peak?: string): Promise<number> {
  const hook = peak === undefined ? [] : ['--import', pathToFileURL(passPath('tell-peak')).href];
  const nowhere = openSync(devNull, 'w');
  const start = performance.now();
  await node([...hook, cli, ...args], {
    stdio: ['ignore', nowhere, 'inherit'],
    env: { ...process.env, ...(peak !== undefined && { MILLRACE_BENCH_PEAK: peak }) },
  });
  const seconds = (performance.now() - start) / 1000;
  closeSync(nowhere);
  return seconds;
}

export function pipeBenchTable({ archives, helpSeconds, oneLineSeconds }: PipeBench): string {
  const rows = archives.map(({ rows, seconds, peakRssMB }) => [
    rows.toLocaleString('en-US'),
    seconds.toFixed(2),
    Math.round(rows / seconds).toLocaleString('en-US'),
    peakRssMB.toFixed(0),
  ]);
  const table = plainTable(['rows through pipe', 'seconds', 'rows/s', 'peak RSS MB'], rows, []);
  const starts = `millrace --help ${helpSeconds.toFixed(3)} s, millrace pipe on one line ${oneLineSeconds.toFixed(3)} s`;
  return `${table}\n${starts} (built, whole process, median of ${STARTS})`;
}
