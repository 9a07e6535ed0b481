/** What runs in a worker thread: makes the stages of a run for itself, and answers for each chunk what came of it. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { MillraceError } from '../errors.ts';
import type { StageMeter } from '../meter.ts';
import type { StageSpec } from '../spec.ts';
import { allocate } from './buffers.ts';
import { type Frame, fromFrame, toFrame, transferOf } from './frame.ts';
import type { Answer, Figures, FromWorker, Rejected, ToWorker } from './messages.ts';
import { type Passage, pass } from './passage.ts';
import { portable } from './portable.ts';
import { type PortableError, packError } from './portable-error.ts';
import { makeStage } from './remote.ts';

const port = parentPort as MessagePort;

/** One run's work here. */
interface Job {
  readonly stages: Promise<StageSpec<unknown, unknown>[]>;
  readonly over: AbortController;
}

let job: Job | undefined;
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
    case 'close': {
      job?.over.abort();
      job = undefined;
      last = last.then(() => post({ kind: 'closed' }));
    }
  }
});

async function answer({ stages, over }: Job, frame: Frame): Promise<void> {
  if (over.signal.aborted) return;
  const made = await stages.catch((error) => ({ error }));
  if ('error' in made) return post({ kind: 'unmade', error: unmade(made.error) });
  const rejected: { stage: number; error: MillraceError; raw: unknown }[] = [];
  try {
    const chunk = await fromFrame(frame);
    const passage = await pass(made, chunk, over.signal, (stage, error, raw) => {
      rejected.push({ stage, error, raw });
    });
    if (passage.failure) throw passage.failure.error;
    const rejects = rejected.map(packReject);
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

function packReject({ stage, error, raw }: { stage: number; error: MillraceError; raw: unknown }) {
  const packed = packError(error);
  const record = portable(raw);
  return packed && record && { stage, error: packed, raw: record.value };
}

function unmade(error: unknown): PortableError {
  const packed = error instanceof MillraceError ? packError(error) : undefined;
  if (packed) return packed;
  return packError(
    new MillraceError('MILLRACE_USAGE', 'A stage cannot be made in a worker thread', {
      found: describe(error),
      hint: 'The module and the arguments that its `remote` names must give the stage there too.',
    }),
  ) as PortableError;
}

function figuresOf({ recordsIn, recordsOut, bytesOut, busy, dropped, tallies }: StageMeter): Figures {
  return { recordsIn, recordsOut, bytesOut, busy, dropped, tallies };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}

function post(message: FromWorker): void {
  const buffers =
    message.kind === 'done' ? [...message.spent, ...(message.frame ? transferOf(message.frame) : [])] : [];
  port.postMessage(message, buffers);
}
