import { MillraceError } from '../pipeline/index.ts';
import { REDUCE, SHIFT } from './binary-parse.ts';
import type { HeldRecords, Side } from './held.ts';
import { missingField } from './missing-field.ts';
import type { PaddedTransitions } from './records.ts';
import type { Text } from './sentences.ts';

/**
 * The transitions of one sentence of each record side by side, short rows filled with -1.
 *
 * @param words those that are kept of each sentence; the tree loses the others. Default all
 * @throws MillraceError MILLRACE_SHAPE when a sentence has no transitions, or not those of so many tokens as it has
 */
export function padTransitions(records: HeldRecords<Text>, side: Side, words?: number): PaddedTransitions {
  const { columns, rows: places } = records.ids(side);
  const rows = columns.map(({ starts, ends }, row) => {
    const transitions = records.transitions(side, row);
    if (!transitions) throw missingField('transitions', records.get(row).origin, 'Put transitions before it.');
    const moves = Array.from(transitions);
    const place = places[row] as number;
    const tokens = (ends[place] as number) - (starts[place] as number);
    if (moves.length !== Math.max(0, 2 * tokens - 1)) throw misfit(records.get(row), moves.length, tokens);
    return words === undefined || tokens <= words ? moves : pruned(moves, words);
  });
  const width = rows.reduce((longest, { length }) => Math.max(longest, length), 1);
  const moves = new Int32Array(rows.length * width).fill(-1);
  for (const [row, own] of rows.entries()) moves.set(own, row * width);
  return { moves, lengths: Int32Array.from(rows, ({ length }) => length), width };
}

/** What is left of a tree with its first words only: a node that loses a child is the child that it keeps. */
function pruned(moves: readonly number[], words: number): number[] {
  const kept: number[] = [];
  /** Of each node on the stack, whether anything is left of it. */
  const stack: boolean[] = [];
  let shifted = 0;
  for (const move of moves) {
    if (move === SHIFT) {
      stack.push(shifted < words);
      if (shifted++ < words) kept.push(SHIFT);
      continue;
    }
    const [right, left] = [stack.pop(), stack.pop()];
    if (left && right) kept.push(REDUCE);
    stack.push(left === true || right === true);
  }
  return kept;
}

function misfit({ origin }: Text, moves: number, tokens: number): MillraceError {
  return new MillraceError('MILLRACE_SHAPE', 'The transitions of the sentence are not those of its tokens', {
    ...(origin && { origin }),
    expected: `${Math.max(0, 2 * tokens - 1)} transitions for ${tokens} tokens`,
    found: moves,
    hint: 'Take the tokens from the parse too: tokenize parse.',
  });
}
