import type { Plan } from './run.ts';
import type { Source } from './source.ts';
import { type PipelineState, without } from './state.ts';

/** A plan that goes on from a state, as the source of what is added to it: a state is of the plan as it was. */
export function resumedSource<T>(plan: Plan<T>, { skip, stages }: PipelineState): Source<T> {
  return {
    name: 'resumed',
    options: { skip, stages },
    plans: [plan],
    open: (context) => without(context.open(plan, stages), skip),
  };
}
