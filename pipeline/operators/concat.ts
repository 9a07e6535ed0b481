import type { Plan } from '../run.ts';
import type { Source } from '../source.ts';

/** One plan after the other; each is opened when the one before has ended. */
export function concat<T>(plans: readonly Plan<T>[]): Source<T> {
  return {
    name: 'concat',
    async *open(run) {
      for (const plan of plans) yield* run.open(plan, run.stage);
    },
  };
}
