import test from 'ava';
import { layOut } from '../../../engine/kernels/steps.ts';

/** Three sentences: a b . , d . f , . . . */
const mask = [1, 1, 0, 1, 0, 1, 0, 0, 0];

test('words are laid out step after step, the longest sentences first', (t) => {
  const steps = layOut([...mask, 1, 1, 1], 4, 3, false);
  t.deepEqual([...steps.order], [3, 0, 1]);
  t.deepEqual([...steps.counts], [3, 3, 1]);
  t.deepEqual([...steps.wordOfRow], [9, 0, 3, 10, 1, 5, 11]);
  t.deepEqual([...steps.rowOfWord], [1, 4, -1, 2, -1, 5, -1, -1, -1, 0, 3, 6]);
  t.deepEqual([...steps.lastRow], [4, 5, -1, 6]);
});

test('in reverse a sentence begins with its last word', (t) => {
  const steps = layOut(mask, 3, 3, true);
  t.deepEqual([...steps.wordOfRow], [1, 5, 0, 3]);
  t.deepEqual([...steps.lastRow], [2, 3, -1]);
});

test('without words there are no steps', (t) => {
  t.like(layOut([0, 0], 2, 1, false), { rows: 0, counts: new Int32Array(0), lastRow: Int32Array.of(-1, -1) });
  t.like(layOut([], 2, 0, false), { rows: 0, rowOfWord: new Int32Array(0) });
});
