/**
 * What runs in a worker thread: makes the stages of a run for itself, and answers for each chunk what came of it; or makes
 * the source too, and answers with one chunk after the other.
 */
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { MillraceError } from '../errors.ts';
import type { StageSpec } from '../spec.ts';
import { allocate } from './buffers.ts';
import { figuresOf } from './figures.ts';
import { type Frame, fromFrame, toFrame, transferOf } from './frame.ts';
import { Leader } from './leader.ts';
import type { Answer, FromWorker, Rejected, ToWorker } from './messages.ts';
import { type Passage, pass } from './passage.ts';
import { describe, packReject, unmade } from './portable-error.ts';
import { makeStage } from './remote.ts';

const port = parentPort as MessagePort;

/** One run's work here, chunk by chunk. */
interface Job {
  readonly stages: Promise<StageSpec<unknown, unknown>[]>;
  readonly over: AbortController;
}

let job: Job | undefined;
let leader: Leader | undefined;
// Chunks are answered one after the other.
let last: Promise<void> = Promise.resolve();

port.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'open': {
      job = { stages: Promise.all(message.recipes.map(makeStage)), over: new AbortController() };
      // It is the first chunk that fails then.
      job.stages.catch(() => {});
      return;
    }
    case 'chunk': {
      const current = job as Job;
      last = last.then(() => answer(current, message.frame));
      return;
    }
    case 'lead':
      leader = new Leader(message, post);
      return;
    case 'next':
      leader?.ask();
      return;
    case 'close': {
      const closing = leader?.close();
      job?.over.abort();
      job = undefined;
      leader = undefined;
      last = Promise.all([last, closing]).then(() => post({ kind: 'closed' }));
    }
  }
});

async function answer({ stages, over }: Job, frame: Frame): Promise<void> {
  if (over.signal.aborted) return;
  const made = await stages.catch((error) => ({ error }));
  if ('error' in made) return post({ kind: 'unmade', error: unmade(made.error) });
  const rejected: { stage: number; error: MillraceError; raw: unknown; seen: number }[] = [];
  try {
    const chunk = await fromFrame(frame);
    const passage = await pass(made, chunk, over.signal, (stage, error, raw, seen) => {
      rejected.push({ stage, error, raw, seen });
    });
    if (passage.failure) throw passage.failure.error;
    const rejects = rejected.map(({ stage, error, raw, seen }) => {
      const packed = packReject(error, raw);
      return packed && { ...packed, stage, seen };
    });
    post(rejects.every((one) => one !== undefined) ? done(passage, rejects, frame) : { kind: 'undone' });
  } catch (error) {
    if (!over.signal.aborted) post({ kind: 'undone', error: describe(error) });
  }
}

function done({ chunk, meters }: Passage, rejects: readonly Rejected[], cause: Frame): Answer {
  const sent = chunk && toFrame(chunk, allocate, cause);
  if (chunk && !sent) return { kind: 'undone' };
  return { kind: 'done', frame: sent?.frame, figures: meters.map(figuresOf), rejects, spent: transferOf(cause) };
}

function post(message: FromWorker): void {
  const spent = message.kind === 'done' ? message.spent : [];
  const frame = message.kind === 'done' || message.kind === 'made' ? message.frame : undefined;
  port.postMessage(message, [...spent, ...(frame ? transferOf(frame) : [])]);
}
