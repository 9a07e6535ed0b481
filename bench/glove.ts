/** How fast the vectors of a vocabulary are read, beside the time that inflating their file and finding its lines takes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainTable } from '../reports/table.ts';
import { PAD, read, readVectors, UNK, Vocabulary } from '../stages/index.ts';
import type { Corpus } from './corpus.ts';
import { build, median, medianRun, runPass } from './fresh.ts';
import type { GloveFigures, GloveOptions } from './passes/glove.ts';
import type { InflateOptions } from './passes/inflate.ts';
import type { PassFigures } from './passes/pass.ts';

export interface GloveBench {
  readonly words: number;
  readonly dimension: number;
  readonly seconds: number;
  /** What inflating the file and finding its lines takes. */
  readonly floorSeconds: number;
  /** How many times as long the vectors take: the median over runs that followed one another directly. */
  readonly floorRatio: number;
  /** The same by processor time of all threads, which hangs less on what else the machine does. */
  readonly cpuRatio: number;
  readonly peakRssMB: number;
}

/** @param size words of the vocabulary, spread evenly over the file */
export async function benchGlove(archive: Corpus, size: number, runs: number): Promise<GloveBench> {
  await build();
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    const vocabulary = join(folder, 'vocab.json');
    await (await wordsOf(archive, size)).save(vocabulary);
    const floors: PassFigures[] = [];
    const all: GloveFigures[] = [];
    for (let run = 0; run < runs; run++) {
      all.push(await runPass<GloveOptions, GloveFigures>('glove', { ...archive, vocabulary }));
      floors.push(await runPass<InflateOptions, PassFigures>('inflate', { ...archive, lines: true }));
    }
    const ratio = (figure: 'seconds' | 'passCpuSeconds') =>
      median(all.map((pass, run) => pass[figure] / (floors[run] as PassFigures)[figure]));
    const { found, dimension, seconds } = medianRun(all, (pass) => pass.seconds);
    return {
      words: found,
      dimension,
      seconds,
      floorSeconds: median(floors.map((pass) => pass.seconds)),
      floorRatio: ratio('seconds'),
      cpuRatio: ratio('passCpuSeconds'),
      peakRssMB: Math.max(...all.map(({ peakRssMB }) => peakRssMB)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function wordsOf({ archive, entry }: Corpus, size: number): Promise<Vocabulary> {
  const words = new Set<string>();
  const add = (word: string) => {
    if (word !== PAD && word !== UNK) words.add(word);
    return false;
  };
  for await (const _ of readVectors(read(`${archive}#${entry}`), add));
  const step = Math.max(1, words.size / size);
  const all = [...words];
  const spread = Array.from({ length: Math.min(size, all.length) }, (_, i) => all[Math.floor(i * step)] as string);
  return new Vocabulary([PAD, UNK, ...spread]);
}

export function gloveBenchTable({ words, dimension, ...figures }: GloveBench): string {
  const table = plainTable(
    ['pass', 'seconds', 'x floor', 'x floor, CPU'],
    [
      ['inflate and find lines', figures.floorSeconds.toFixed(3), '1.00', '1.00'],
      ['vectors of words', figures.seconds.toFixed(3), figures.floorRatio.toFixed(2), figures.cpuRatio.toFixed(2)],
    ],
    [0],
  );
  return `${table}\n${words.toLocaleString('en-US')} words, ${dimension} numbers each, peak RSS ${figures.peakRssMB.toFixed(0)} MB`;
}
