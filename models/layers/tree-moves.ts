/** Trees that hang on nothing but the number of words: what parses are measured against. */

import { REDUCE, SHIFT } from '../../stages/binary-parse.ts';

/** `balanced`: halves, the right one the larger of uneven ones. `right` and `left`: a chain that branches to that side. */
export const treeShapes = ['balanced', 'right', 'left'] as const;

export type TreeShape = (typeof treeShapes)[number];

/** The moves that make such a tree of so many words. */
export function movesOfShape(shape: TreeShape, words: number): number[] {
  if (words <= 1) return new Array<number>(words).fill(SHIFT);
  const others = new Array<number>(words - 1).fill(SHIFT);
  switch (shape) {
    case 'left':
      return [SHIFT, ...others.flatMap((shift) => [shift, REDUCE])];
    case 'right':
      return [SHIFT, ...others, ...others.map(() => REDUCE)];
    case 'balanced': {
      const half = words >> 1;
      return [...movesOfShape(shape, half), ...movesOfShape(shape, words - half), REDUCE];
    }
  }
}
