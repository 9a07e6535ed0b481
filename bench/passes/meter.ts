/** The same pass with and without the meter, in turn and in one process: so that whatever else happens hits both. */
import { Meter } from '../../pipeline/meter.ts';
import { bucket, ids, type SentencePair, Vocabulary } from '../../stages/index.ts';
import type { BatchesOptions } from './batches.ts';
import { measure, type PassFigures, passOptions } from './pass.ts';
import { tokensOf } from './tokens.ts';

export interface MeterOptions extends BatchesOptions {
  /** How often to run each way, once they are warm. */
  readonly pairs: number;
}

export interface MeterFigures extends PassFigures {
  /** CPU seconds of all threads, run by run. */
  readonly metered: readonly number[];
  readonly unmetered: readonly number[];
}

const WARM_UP = 2;

const { vocabulary, batchSize, pairs, ...source } = passOptions<MeterOptions>();
const words = await Vocabulary.load(vocabulary);
const batches = tokensOf(source).pipe(ids<SentencePair>(words), bucket<SentencePair>({ size: batchSize }));
const { link } = Meter.prototype;

await measure(async () => {
  const metered: number[] = [];
  const unmetered: number[] = [];
  for (let pair = 0; pair < WARM_UP + pairs; pair++) {
    // Each goes first every other time: the second one finds what the first one left for the garbage collector.
    const order = pair % 2 === 0 ? [metered, unmetered] : [unmetered, metered];
    for (const way of order) way.push(await secondsOf(way === metered));
  }
  return { metered: metered.slice(WARM_UP), unmetered: unmetered.slice(WARM_UP) };
});

async function secondsOf(isMetered: boolean): Promise<number> {
  // Without the meter, chunks go straight from one stage to the next.
  Meter.prototype.link = isMetered ? link : (chunks) => chunks;
  const before = process.cpuUsage();
  for await (const _ of batches.chunks());
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
