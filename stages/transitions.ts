import { MillraceError, type Origin } from '../pipeline/index.ts';
import { transitionsOf } from './binary-parse.ts';
import type { Sentence } from './records.ts';
import { defineSentenceStage, type Text } from './sentences.ts';

/**
 * Adds `transitions`, the shift (0) and reduce (1) moves that build the sentence's binary parse: 2n - 1 for n tokens.
 *
 * @throws MillraceError MILLRACE_BAD_RECORD, subject to the error policy, where there is no parse or it is not a binary
 * tree
 */
export function transitions<T extends Text>() {
  return defineSentenceStage<T>({ name: 'transitions', sentence: addTransitions });
}

function addTransitions({ text, binaryParse }: Sentence, origin: Origin | undefined): Partial<Sentence> {
  if (binaryParse === undefined) {
    throw new MillraceError('MILLRACE_BAD_RECORD', 'The sentence has no binary parse to take transitions from', {
      ...(origin && { origin }),
      found: text,
      hint: 'Only corpora with parses, such as snli, give transitions.',
    });
  }
  const moves = transitionsOf(binaryParse);
  if (typeof moves !== 'string') return { transitions: moves };
  throw new MillraceError('MILLRACE_BAD_RECORD', 'The binary parse is no binary tree', {
    ...(origin && { origin }),
    expected: moves,
    found: binaryParse,
  });
}
