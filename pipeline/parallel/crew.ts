import { MillraceError } from '../errors.ts';
import type { Crew, StageSpec } from '../spec.ts';
import { type Choice, ClockGauge } from './gauge.ts';

type Stages = readonly StageSpec<unknown, unknown>[];

/**
 * The stages, the last ones in a row that can run on worker threads given to a crew of so many.
 *
 * @param onChoice told what `auto` comes to
 * @throws MillraceError MILLRACE_USAGE unless `workers` is a whole number from 0 or `auto`, and there is such a stage
 */
export function withCrew(stages: Stages, workers: number | 'auto', onChoice?: (choice: Choice) => void): Stages {
  if (workers !== 'auto' && !(Number.isInteger(workers) && workers >= 0)) {
    throw new MillraceError('MILLRACE_USAGE', 'No stage runs on so many worker threads', {
      expected: 'a whole number from 0, or auto',
      found: workers,
    });
  }
  const first = stages.findLastIndex(({ remote, crew }) => !remote || crew) + 1;
  if (first === stages.length) {
    const last = stages.at(-1);
    throw new MillraceError('MILLRACE_USAGE', 'There is nothing to run on worker threads', {
      expected: 'a stage right before that another thread can make, such as parse, tokenize or ids',
      found: last ? `${last.name}${last.crew ? ', which has worker threads' : ''}` : 'no stage',
      hint: 'Give a stage of your own a `remote`, which says how.',
    });
  }
  if (workers === 0) return stages;
  const crew: Crew = workers === 'auto' ? { workers: undefined, gauge: () => new ClockGauge() } : { workers };
  if (onChoice) Object.assign(crew, { onChoice });
  return stages.map((stage, i) => (i < first ? stage : withField(stage, { crew })));
}

/** Not a spread, which would read getters once and for all. */
function withField<S extends object, F extends object>(stage: S, field: F): S & F {
  return Object.defineProperties({ ...field }, Object.getOwnPropertyDescriptors(stage)) as S & F;
}
