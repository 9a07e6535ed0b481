import test from 'ava';
import { planTrees } from '../../../engine/tree-plan.ts';
import { movesOfShape, treeShapes } from '../../../models/layers/tree-moves.ts';

test('each shape is a tree of all words, as high as it must be', (t) => {
  const heights = {
    balanced: (words: number) => Math.ceil(Math.log2(words)),
    right: (words: number) => words - 1,
    left: (words: number) => words - 1,
  };
  for (const shape of treeShapes) {
    t.deepEqual(movesOfShape(shape, 0), []);
    for (let words = 1; words <= 40; words++) {
      // Without a tracker there are as many steps as the tree is high.
      const { counts, left, right } = planTrees([movesOfShape(shape, words)], words, false);
      t.is(left.length, words - 1);
      t.is(counts.length, heights[shape](words), `${shape}, ${words}`);
      if (shape === 'left') t.true(right.every((node) => node < words));
      if (shape === 'right') t.true(left.every((node) => node < words));
    }
  }
  t.deepEqual(movesOfShape('balanced', 5), [0, 0, 1, 0, 0, 0, 1, 1, 1]);
});
