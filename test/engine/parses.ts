import fc from 'fast-check';

/** Any tree over so many words, as the moves that make it; each chance decides where both would be right. */
export function movesOf(words: number, chances: readonly boolean[]): number[] {
  const moves: number[] = [];
  let [shifted, stack] = [0, 0];
  while (moves.length < 2 * words - 1) {
    const shift = stack < 2 || (shifted < words && chances[moves.length % chances.length]!);
    moves.push(shift ? 0 : 1);
    if (shift) shifted++;
    stack += shift ? 1 : -1;
  }
  return moves;
}

/** Moves of some sentences, of up to `longest` words each. */
export const parses = (longest: number, most = 5): fc.Arbitrary<number[][]> =>
  fc.array(
    fc
      .tuple(fc.nat({ max: longest }), fc.array(fc.boolean(), { minLength: 1, maxLength: 2 * longest }))
      .map(([words, chances]) => movesOf(words, chances)),
    { minLength: 1, maxLength: most },
  );
