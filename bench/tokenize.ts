/** How fast our Treebank tokenizer is, beside natural's. */
import { plainTable } from '../reports/table.ts';
import type { Corpus } from './corpus.ts';
import { build, median, runPass } from './fresh.ts';
import type { TokenizeFigures, TokenizeOptions } from './passes/tokenize.ts';

const WAYS = {
  natural: "natural's Treebank tokenizer",
  texts: 'ours, on strings',
  columns: 'ours, on columns of bytes',
} as const;

type Way = keyof typeof WAYS;

export interface TokenizeBench {
  readonly sentences: number;
  /** By way; of processor time, so that what else the machine does counts for less. */
  readonly perCpuSecond: Readonly<Record<Way, number>>;
  /** How many times as fast as natural: the median over runs that followed one another directly. */
  readonly timesNatural: Readonly<Record<Way, number>>;
}

export async function benchTokenize(corpus: Corpus, runs: number): Promise<TokenizeBench> {
  await build();
  const ways = Object.keys(WAYS) as Way[];
  const all: Record<Way, TokenizeFigures>[] = [];
  for (let run = 0; run < runs; run++) {
    const figures: Partial<Record<Way, TokenizeFigures>> = {};
    for (const way of ways) {
      figures[way] = await runPass<TokenizeOptions, TokenizeFigures>('tokenize', { ...corpus, way });
    }
    all.push(figures as Record<Way, TokenizeFigures>);
  }
  const byWay = (figure: (run: Record<Way, TokenizeFigures>, way: Way) => number) =>
    Object.fromEntries(ways.map((way) => [way, median(all.map((run) => figure(run, way)))])) as Record<Way, number>;
  return {
    sentences: all[0]?.natural.sentences ?? 0,
    perCpuSecond: byWay((run, way) => run[way].sentences / run[way].passCpuSeconds),
    timesNatural: byWay((run, way) => run.natural.passCpuSeconds / run[way].passCpuSeconds),
  };
}

export function tokenizeBenchTable({ sentences, perCpuSecond, timesNatural }: TokenizeBench): string {
  const rows = (Object.keys(WAYS) as Way[]).map((way) => [
    WAYS[way],
    Math.round(perCpuSecond[way]).toLocaleString('en-US'),
    timesNatural[way].toFixed(1),
  ]);
  const table = plainTable(['tokenizer', 'sentences/CPU s', 'x natural'], rows, [0]);
  return `${table}\n${sentences.toLocaleString('en-US')} sentences`;
}
