import type { Chunk } from '../chunk.ts';
import type { StageMeter } from '../meter.ts';
import { type Crew, resumedCount, type StageContext, type StageSpec, untilAborted } from '../spec.ts';
import type { Capture } from '../state.ts';
import { Buffers } from './buffers.ts';
import { settle } from './crew.ts';
import { enter, type Figures } from './figures.ts';
import { fromFrame, toFrame } from './frame.ts';
import type { ChunkAnswer } from './messages.ts';
import { NOT_SENT, onlyThere } from './only-there.ts';
import { type Passage, pass, type Reject } from './passage.ts';
import { Pool } from './pool.ts';
import { unpackError } from './portable-error.ts';
import { recipesOf, stagesHere } from './remote.ts';

/** A stage of a run: its description, what it may ask of the run, and its counters. */
export interface Place {
  readonly stage: StageSpec<unknown, unknown>;
  readonly context: StageContext;
  readonly meter: StageMeter;
}

/** Chunks under way beyond one for each worker: so that a worker that is done finds its next one waiting. */
const AHEAD = 2;

/**
 * Stages on worker threads, as one step of a run: chunks go out as they come and come back in their order.
 *
 * The main thread stays the one who decides. What a stage rejects, drops and counts is entered there when it is the
 * chunk's turn. Whatever ends the run (an error of a stage, a policy that throws) is found out by doing that one chunk
 * again in the main thread: so the records before it, the error and the counts are what they are without workers. So is
 * done with records that cannot be sent, and with all chunks of a crew that is yet to find out how many threads it is worth:
 * so it can change over between any two chunks.
 */
export async function* onWorkers(
  crew: Crew,
  places: readonly Place[],
  source: AsyncIterable<Chunk<unknown>>,
): AsyncGenerator<Chunk<unknown>, void> {
  const [first] = places as [Place];
  const { signal } = first.context;
  const underWay: Flight[] = [];
  const counts = places.map((place) => resumedCount(place.context.resumed));
  places.forEach(({ context }, i) => {
    context.onCheckpoint(() => {
      const count = counts[i] as number;
      return { from: (i === 0 && underWay[0]?.before) || context.upstream(), own: () => count };
    });
  });

  const stages = places.map(({ stage }) => stage);
  const recipes = await untilAborted(recipesOf(stages, signal), signal);
  const rejectHere: Reject = (stage, error, raw, seen) =>
    (places[stage] as Place).context.reject(error, raw, (counts[stage] as number) + seen);
  let made: Promise<StageSpec<unknown, unknown>[]> | undefined;
  const passHere = async (chunk: Chunk<unknown>, reject: Reject) => {
    made ??= stagesHere(stages, recipes);
    return pass(await made, chunk, signal, reject);
  };

  let workers = crew.workers ?? 0;
  let gauge = crew.workers === undefined ? crew.gauge?.() : undefined;
  const poolOf = (threads: number) => (threads > 0 ? new Pool(threads, { kind: 'open', recipes }) : undefined);
  let pool = poolOf(workers);
  const look = (busy: number) => {
    const findings = gauge?.add(busy);
    if (!findings) return;
    gauge = undefined;
    workers = findings.workers;
    pool = poolOf(workers);
    settle(crew, findings, stages, first.meter);
  };
  const iterator = source[Symbol.asyncIterator]();
  const buffers = new Buffers();
  const send = async (chunk: Chunk<unknown>): Promise<Landed> => {
    if (!pool) return { chunk };
    const { frame, pieces } = toFrame(chunk, buffers.take) ?? {};
    return { chunk, pieces, answer: frame ? await pool.run(frame) : { kind: 'undone' } };
  };
  // One request at a time, each behind the one before: a source need not bear several at once.
  let tail: Promise<IteratorResult<Chunk<unknown>>> | undefined;
  const launch = () => {
    const fetched = (tail ?? Promise.resolve(undefined)).then((before) => {
      flight.before = first.context.upstream();
      return before?.done ? before : iterator.next();
    });
    const flight: Flight = {
      landed: fetched.then(({ done, value }) => (done ? undefined : send(value))),
    };
    // Both are awaited in their turn; until then a failure must not count as unhandled.
    fetched.catch(noop);
    flight.landed.catch(noop);
    tail = fetched;
    underWay.push(flight);
  };

  try {
    for (;;) {
      while (underWay.length < (pool ? workers + AHEAD : 1)) launch();
      const landed = await untilAborted((underWay[0] as Flight).landed, signal);
      if (!landed) return;
      const { chunk, meters, failure } = await conclude(landed);
      underWay.shift();
      meters.forEach((figures, i) => {
        counts[i] = (counts[i] as number) + (i === 0 ? landed.chunk.length : figures.recordsIn);
        enter(figures, (places[i] as Place).meter, i === places.length - 1);
      });
      if (chunk && chunk.length > 0) yield chunk;
      if (failure) throw failure.error;
      if (!landed.answer) look(meters.reduce((sum, { busy }) => sum + busy, 0));
    }
  } finally {
    pool?.close();
    // What is still being fetched ends first, so that the source is idle, and closed, when we are.
    const closing = iterator.return?.();
    await Promise.allSettled([closing, tail]);
    await closing;
  }

  async function conclude({ chunk, pieces, answer }: Landed): Promise<Outcome> {
    if (!answer) return passHere(chunk, rejectHere);
    if (answer.kind === 'unmade') throw unpackError(answer.error);
    if (answer.kind === 'undone') {
      const passage = await passHere(chunk, rejectHere);
      if (answer.error !== undefined && !passage.failure) throw onlyThere(answer.error);
      first.context.tally(NOT_SENT, chunk.length);
      return passage;
    }
    for (const buffer of answer.spent) buffers.give(buffer, workers + AHEAD);
    let judged = 0;
    try {
      for (const { stage, error, raw, seen } of answer.rejects) {
        rejectHere(stage, unpackError(error), raw, seen);
        judged++;
      }
    } catch (error) {
      // It is the end of the run: which records come before it?
      return passHere(chunk, (...rejected) => {
        if (judged < 0) rejectHere(...rejected);
        else if (judged-- === 0) throw error;
      });
    }
    const { frame } = answer;
    return { chunk: frame && (await fromFrame(frame, pieces)), meters: answer.figures };
  }
}

type Outcome = Omit<Passage, 'meters'> & { readonly meters: readonly Figures[] };

/** A chunk on its way, and where upstream was before it; unknown until it is its turn. */
interface Flight {
  before?: Capture;
  readonly landed: Promise<Landed | undefined>;
}

interface Landed {
  readonly chunk: Chunk<unknown>;
  /** What of its memory the other thread has too, if it was sent. */
  readonly pieces?: readonly Uint8Array[] | undefined;
  /** What came of it there; none if it is to be done here. */
  readonly answer?: ChunkAnswer;
}

function noop(): void {}
