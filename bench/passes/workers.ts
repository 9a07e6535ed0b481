/** From zip to padded batches on worker threads, for a consumer that is idle: how busy the main thread is. */
import { readFileSync } from 'node:fs';
import { bucket, ids, type SentencePair, Vocabulary } from '../../stages/index.ts';
import type { BatchesOptions } from './batches.ts';
import { measure, type PassFigures, passOptions } from './pass.ts';
import { tokensOf } from './tokens.ts';

export interface WorkersOptions extends BatchesOptions {
  readonly workers: number;
}

export interface WorkersFigures extends PassFigures {
  readonly rows: number;
  /** Share of the time in which the main thread was at work, once it had begun. */
  readonly mainShare: number;
  /** CPU time of the main thread from then on: unlike the share, it hardly hangs on what else the machine does. */
  readonly mainCpuSeconds?: number;
}

/** What batches are made of: nothing else need come back from the threads. */
const LEARNT_FROM = ['id', 'label', 'premise.ids', 'hypothesis.ids', 'origin'];

const { vocabulary, batchSize, workers, ...source } = passOptions<WorkersOptions>();
const words = await Vocabulary.load(vocabulary);

await measure(async () => {
  const batches = tokensOf(source)
    .pipe(ids<SentencePair>(words))
    .select<SentencePair>(LEARNT_FROM)
    .parallel(workers)
    .pipe(bucket<SentencePair>({ size: batchSize }));
  // Threads start and compilers get warm before the clock does.
  let before: ReturnType<typeof performance.eventLoopUtilization> | undefined;
  let cpuBefore: number | undefined;
  for await (const _ of batches) {
    before ??= performance.eventLoopUtilization();
    cpuBefore ??= mainCpuSeconds();
  }
  const { utilization } = performance.eventLoopUtilization(before);
  const cpu = mainCpuSeconds();
  const rows = batches.report().stages.find(({ name }) => name === 'parse')?.recordsIn ?? 0;
  const mainCpu = cpu !== undefined && cpuBefore !== undefined && { mainCpuSeconds: cpu - cpuBefore };
  return { rows, mainShare: utilization, ...mainCpu };
});

/** CPU time of the main thread so far; undefined where the system doesn't tell. */
function mainCpuSeconds(): number | undefined {
  try {
    // The scheduler's account of the process is that of its first thread.
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e9;
  } catch {
    return undefined;
  }
}
