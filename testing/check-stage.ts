import { AssertionError } from 'node:assert';
import {
  closesOnAbort,
  closesOnEarlyStop,
  givesTheSameHoweverCut,
  letsGoOfMemory,
  obeysThePolicy,
  opensNothingEarly,
  passesErrorsOn,
  readsNoFurther,
  resumesExactly,
} from './laws.ts';
import type { Sample, Subject } from './sample.ts';

/** All laws, in the order in which they are tried: the first that is broken says most. */
export const laws = {
  opensNothingEarly,
  givesTheSameHoweverCut,
  obeysThePolicy,
  passesErrorsOn,
  closesOnEarlyStop,
  closesOnAbort,
  readsNoFurther,
  resumesExactly,
  letsGoOfMemory,
} as const;

/**
 * Tries all {@link laws} on a stage, an operator or a chain of them: it reads nothing before it must, gives the same however
 * its records are cut, closes what it opened, heeds aborts and error policies, holds back no more than it says, goes on
 * from where it was stopped, and lets go of memory that it was lent.
 *
 * It takes some hundreds of short runs: some ten to thirty records are enough.
 *
 * @throws AssertionError of node:assert with the name of the first law that is broken; its `cause` is what was thrown
 *
 * @example
 * await checkStage(shout, { records: ['a', 'rose'] });
 */
export async function checkStage<In, Out>(subject: Subject<In, Out>, sample: Sample<In>): Promise<void> {
  for (const [name, law] of Object.entries(laws)) {
    try {
      await law(subject, sample);
    } catch (cause) {
      const message = `${name}: ${cause instanceof Error ? cause.message : cause}`;
      throw Object.assign(new AssertionError({ message }), { cause });
    }
  }
}
