import { MillraceError } from '../errors.ts';
import type { StageMeter } from '../meter.ts';
import type { Plan } from '../run.ts';
import type { Crew, StageSpec } from '../spec.ts';
import { type Choice, ClockGauge, type Findings } from './gauge.ts';
import type { Remote } from './remote.ts';

type Stage = StageSpec<unknown, unknown>;
type Stages = readonly Stage[];

/**
 * The stages of a plan, the last ones in a row that can run on worker threads given to a crew of so many.
 *
 * @param onChoice told what `auto` comes to
 * @throws MillraceError MILLRACE_USAGE unless `workers` is a whole number from 0 or `auto`, and there is such a stage
 */
export function withCrew(
  { source, stages }: Plan<unknown>,
  workers: number | 'auto',
  onChoice?: (choice: Choice) => void,
): Stages {
  if (workers !== 'auto' && !(Number.isInteger(workers) && workers >= 0)) {
    throw new MillraceError('MILLRACE_USAGE', 'No stage runs on so many worker threads', {
      expected: 'a whole number from 0, or auto',
      found: workers,
    });
  }
  const row = stages.findLastIndex(({ remote, crew }) => !remote || crew) + 1;
  const first = row === 0 && source.remote ? 0 : Math.max(row, firstAlone(stages));
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
  return stages.map((stage, i) => (i < first ? stage : ofCrew(stage, crew)));
}

/** Who does what in a run. */
export interface Crewed {
  readonly stages: Stages;
  readonly lead?: Lead;
}

/** The source and the first stages, in one worker thread. */
export interface Lead {
  readonly crew: Crew;
  /** How many stages. */
  readonly count: number;
  /** How that thread makes the source. */
  readonly remote: Remote;
}

/**
 * Where the source can go with the crew of the first stages, the first thread of that crew has it. Of several threads,
 * that one has besides only the stages that cannot do without it, and the others have the rest. Where the source stays
 * here, so do those stages.
 */
export function crewed({ source, stages }: Plan<unknown>): Crewed {
  const crew = stages[0]?.crew;
  const remote = crew && source.remote?.();
  if (!crew || !remote || crew.workers === 0) return { stages: stages.map(unlessWithSource) };
  const end = stages.findIndex((stage) => stage.crew !== crew);
  const count = end < 0 ? stages.length : end;
  const { workers } = crew;
  if (workers === undefined || workers < 2) return { stages, lead: { crew, count, remote } };
  const alone = firstAlone(stages.slice(0, count));
  const [reader, others]: [Crew, Crew] = [{ workers: 1 }, { workers: workers - 1 }];
  const shared = stages.map((stage, i) => (i < count ? ofCrew(stage, i < alone ? reader : others) : stage));
  return { stages: shared, lead: { crew: reader, count: alone, remote } };
}

/** A stage with worker threads, or without. */
export function ofCrew(stage: Stage, crew: Crew | undefined): Stage {
  // Not a spread, which would read getters once and for all.
  const { crew: _, ...others } = Object.getOwnPropertyDescriptors(stage);
  return Object.defineProperties(crew ? { crew } : {}, others) as Stage;
}

/** Keeps to what was found out about a crew, and tells. */
export function settle(crew: Crew, findings: Findings, stages: Stages, meter: StageMeter): void {
  crew.workers = findings.workers;
  if (meter.crew) meter.crew.workers = findings.workers;
  crew.onChoice?.({ ...findings, stages: stages.map(({ name }) => name) });
}

/** The first stage behind all those that go only with their source. */
function firstAlone(stages: Stages): number {
  return stages.findLastIndex(({ remote }) => remote?.withSource) + 1;
}

function unlessWithSource(stage: Stage): Stage {
  return stage.crew && stage.remote?.withSource ? ofCrew(stage, undefined) : stage;
}
