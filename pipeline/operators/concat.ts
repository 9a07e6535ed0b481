import type { Plan } from '../run.ts';
import type { Source } from '../source.ts';
import type { Json, Opened } from '../state.ts';

/** One plan after the other; each is opened when the one before has ended. */
export function concat<T>(plans: readonly Plan<T>[]): Source<T> {
  return {
    name: 'concat',
    plans,
    async *open(context) {
      let { at, state } = (context.resumed as Place | undefined) ?? { at: 0 };
      let opened: Opened<T> | undefined;
      context.onCheckpoint(() => {
        const place = at;
        const inner = opened?.capture();
        return () => (inner ? { at: place, state: inner() } : { at: place });
      });
      for (; at < plans.length; at++) {
        opened = context.open(plans[at] as Plan<T>, state);
        yield* opened;
        opened = undefined;
        state = undefined;
      }
    },
  };
}

/** Which plan it was in, and where in that. */
type Place = { readonly at: number; readonly state?: readonly Json[] };
