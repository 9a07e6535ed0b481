import {
  type Column,
  DictionaryColumn,
  defineStage,
  MillraceError,
  type Origin,
  type Stage,
} from '../pipeline/index.ts';
import { LABELS, type SentencePair } from '../stages/index.ts';
import type { Target } from './goal.ts';

const stages = {
  label: stageOf('labelled', 'label', ({ label }) => label !== undefined, isFull),
  score: stageOf('scored', 'score', ({ score }) => isScore(score), holdsScores),
} as const satisfies Record<Target, unknown>;

/**
 * The pairs as they are, each with what is to be learnt of it; one without is a bad record, and told of before anything
 * is learnt.
 *
 * @throws MillraceError MILLRACE_BAD_RECORD, subject to the error policy
 */
export function learnable(target: Target): Stage<SentencePair, SentencePair> {
  return stages[target];
}

/** The error of a pair that nothing can be learnt from. */
export function unlearnable(target: Target, id: string, origin: Origin | undefined): MillraceError {
  return new MillraceError('MILLRACE_BAD_RECORD', `The pair has no ${target} to learn from (${id})`, {
    ...(origin && { origin }),
    expected: target === 'label' ? `one of ${LABELS.join(', ')}` : 'a finite number',
  });
}

/** Whether a model can learn to give it: it is there, and finite in float32. */
export function isScore(score: number | undefined): boolean {
  return score !== undefined && Number.isFinite(Math.fround(score));
}

/** @param areThere whether no row of the column lacks it */
function stageOf(
  name: string,
  target: Target,
  isThere: (pair: SentencePair) => boolean,
  areThere: (column: Column | undefined) => boolean,
) {
  return defineStage<SentencePair, SentencePair>({
    name,
    record(pair) {
      if (!isThere(pair)) throw unlearnable(target, pair.id, pair.origin);
      return pair;
    },
    columns: (chunk) => (areThere(chunk.columns[target]) ? chunk : undefined),
  });
}

function isFull(column: Column | undefined): boolean {
  return column instanceof DictionaryColumn && column.codes.every((code) => code < column.dictionary.length);
}

function holdsScores(column: Column | undefined): boolean {
  if (!column) return false;
  for (let row = 0; row < column.length; row++) if (!isScore(column.get(row) as number | undefined)) return false;
  return true;
}
