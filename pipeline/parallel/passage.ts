import { ArrayChunk, type Chunk } from '../chunk.ts';
import type { MillraceError } from '../errors.ts';
import { Meter, type StageMeter } from '../meter.ts';
import { DROP, type StageContext, type StageSpec } from '../spec.ts';

/** What came of one chunk in a row of stages. */
export interface Passage {
  /** All that came out, if anything did. */
  readonly chunk: Chunk<unknown> | undefined;
  /** The counters of each stage. */
  readonly meters: readonly StageMeter[];
  /** The error that ended it, behind the records before it. */
  readonly failure?: { readonly error: unknown };
}

/** Told of a bad record, by which of the stages, and the how-many-th of the chunk it was there; may throw to end the run. */
export type Reject = (stage: number, error: MillraceError, raw: unknown, seen: number) => void;

/** One chunk through stages that remember nothing from one to the next. */
export async function pass(
  stages: readonly StageSpec<unknown, unknown>[],
  chunk: Chunk<unknown>,
  signal: AbortSignal,
  reject: Reject,
): Promise<Passage> {
  const meter = new Meter();
  const meters = stages.map(({ name }) => meter.stage(name));
  let stream: AsyncIterable<Chunk<unknown>> = only(chunk);
  stages.forEach((stage, i) => {
    const own = meters[i] as StageMeter;
    const context = contextOf(own, signal, (error, raw, seen = own.recordsIn) => reject(i, error, raw, seen));
    stream = meter.link(stage.stream(stream, context), own, meters[i + 1]);
  });
  const out: Chunk<unknown>[] = [];
  try {
    for await (const made of stream) out.push(made);
  } catch (error) {
    return { chunk: joined(out), meters, failure: { error } };
  }
  return { chunk: joined(out), meters };
}

async function* only<T>(chunk: Chunk<T>): AsyncGenerator<Chunk<T>, void> {
  yield chunk;
}

/** As one, because what comes of one chunk is one step of the run. */
function joined(chunks: readonly Chunk<unknown>[]): Chunk<unknown> | undefined {
  if (chunks.length < 2) return chunks[0];
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  return new ArrayChunk(
    chunks.flatMap((chunk) => [...chunk]),
    bytes,
  );
}

function contextOf(meter: StageMeter, signal: AbortSignal, reject: StageContext['reject']): StageContext {
  return {
    signal,
    // Stages that remember nothing have no state.
    resumed: undefined,
    upstream: () => () => [],
    onCheckpoint() {},
    reject,
    drop(reason, count) {
      meter.drop(reason, count);
      return DROP;
    },
    tally: (name, amount) => meter.tally(name, amount),
    hold: (records) => meter.hold(records),
  };
}
