import { type Column, DictionaryColumn, defineStage, MillraceError, type Origin } from '../pipeline/index.ts';
import { LABELS, type SentencePair } from '../stages/index.ts';

/**
 * The pairs as they are, each with a label; one without is a bad record, and told of before anything is learnt.
 *
 * @throws MillraceError MILLRACE_BAD_RECORD, subject to the error policy
 */
export const labelled = defineStage<SentencePair, SentencePair>({
  name: 'labelled',
  record(pair) {
    if (pair.label === undefined) throw unlabelled(pair.id, pair.origin);
    return pair;
  },
  columns: (chunk) => (isFull(chunk.columns.label) ? chunk : undefined),
});

/** The error of a pair that nothing can be learnt from. */
export function unlabelled(id: string, origin: Origin | undefined): MillraceError {
  return new MillraceError('MILLRACE_BAD_RECORD', `Pair ${id} has no label to learn from`, {
    ...(origin && { origin }),
    expected: `one of ${LABELS.join(', ')}`,
  });
}

function isFull(column: Column | undefined): boolean {
  return column instanceof DictionaryColumn && column.codes.every((code) => code < column.dictionary.length);
}
