import { MillraceError } from '../errors.ts';
import type { StageSpec } from '../spec.ts';

type Stages = readonly StageSpec<unknown, unknown>[];

/**
 * The stages, the last ones in a row that can run on worker threads given to a crew of so many.
 *
 * @throws MillraceError MILLRACE_USAGE unless `workers` is a whole number from 0 and there is such a stage
 */
export function withCrew(stages: Stages, workers: number): Stages {
  if (!(Number.isInteger(workers) && workers >= 0)) {
    throw new MillraceError('MILLRACE_USAGE', 'No stage runs on so many worker threads', {
      expected: 'a whole number from 0',
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
  const crew = { workers };
  return stages.map((stage, i) => (i < first ? stage : withField(stage, { crew })));
}

/** Not a spread, which would read getters once and for all. */
function withField<S extends object, F extends object>(stage: S, field: F): S & F {
  return Object.defineProperties({ ...field }, Object.getOwnPropertyDescriptors(stage)) as S & F;
}
