/** What the laws of worker threads compare: all that a run shows. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MillraceError, type Pipeline, toPlain } from '../../../pipeline/index.ts';
import type { Gauge } from '../../../pipeline/parallel/gauge.ts';
import type { Crew } from '../../../pipeline/spec.ts';
import { OwnError } from './stages.ts';

/** The pipeline with a crew that changes over from the main thread to so many workers after so many chunks. */
export function changingOver<T>(pipeline: Pipeline<T>, after: number, workers: number): Pipeline<T> {
  const parallel = pipeline.parallel('auto');
  const gauge = (): Gauge => {
    let chunks = 0;
    return { add: () => (++chunks > after ? { workers, share: 0.5 } : undefined) };
  };
  Object.assign(parallel.stages.at(-1)?.crew as Crew, { gauge });
  return parallel;
}

/** What becomes of bad records: the end, a list, or the end at one of them. */
export type Policy = 'fail' | 'keep' | number;

export const policies = fc.oneof(fc.constantFrom<Policy>('fail', 'keep'), fc.nat(4));

/**
 * Records, bad records in their order, counts and how it ended.
 *
 * @param first the first of the source and stages whose counts are compared
 */
export async function outcomeOf(pipeline: Pipeline<unknown>, policy: Policy, first: number) {
  const rejected: unknown[] = [];
  const watched = pipeline.onError(
    policy === 'fail'
      ? policy
      : {
          reject(error, raw, counts) {
            if (rejected.length === policy) throw new OwnError('enough');
            rejected.push({ error: JSON.stringify(error), raw: toPlain(raw), cause: String(error.cause), counts });
          },
        },
  );
  const records: unknown[] = [];
  let failure: unknown;
  try {
    for await (const record of watched) records.push(toPlain(record));
  } catch (error) {
    failure = error;
  }
  const stages = watched
    .report()
    .stages.map(({ name, rejected, rejectedBy, dropped, tallies, recordsIn, recordsOut, bytesOut }) => {
      const { inMainThread: _, ...counted } = tallies;
      // Where a run fails, stages may have been ahead of where it does.
      const passed = failure === undefined && { recordsIn, recordsOut, bytesOut };
      return { name, rejected, rejectedBy, dropped, tallies: counted, ...passed };
    });
  const known = failure instanceof OwnError || failure instanceof MillraceError;
  assert.ok(failure === undefined || known, `${failure}`);
  return { records, rejected, failure: failure && String(failure), stages: stages.slice(first) };
}
