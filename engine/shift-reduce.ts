/**
 * Sentences read as trees, all of a batch at once and as one differentiable operation: on wasm by kernels of our own, on
 * other engines by TensorFlow.js's operations.
 */

import { backend, type Tensor2D } from '@tensorflow/tfjs-core';
import { MillraceError } from '../pipeline/errors.ts';
import { checkTensor } from './check-tensor.ts';
import { kernelsOf } from './kernels/kernels.ts';
import { fusedShiftReduce } from './kernels/shift-reduce.ts';
import { portableShiftReduce } from './portable/shift-reduce.ts';
import { gateCounts } from './recurrence.ts';
import type { ShiftReduce } from './tree.ts';
import { checkTreeWeights } from './tree-reduce.ts';

/**
 * The stack-augmented parser-interpreter (Bowman et al. 2016): shifts each sentence's words onto a stack, where each reduce
 * makes one node of the two on top, by a binary TreeLSTM (see {@link treeReduce}).
 *
 * The tracker, if there is one, is an LSTM that starts from 0 and takes a step before each move, with the states of the
 * next word, of the node on top of the stack and of the one under it, 0 where there is none.
 *
 * @returns `[B, H]`, the state of each sentence's root, which of a single word is its own; 0 for sentences without words.
 *   It has gradients for the words and all weights
 * @throws MillraceError `MILLRACE_SHAPE` when the shapes do not fit one another, or moves make no tree of the words
 */
export function shiftReduce(sentences: ShiftReduce): Tensor2D {
  checkShapes(sentences);
  const kernels = kernelsOf(backend());
  return kernels ? fusedShiftReduce(kernels, sentences) : portableShiftReduce(sentences);
}

function checkShapes({ words, moves, weights, tracker }: ShiftReduce): void {
  const units = words.shape[2] / 2;
  const tracked = tracker?.hidden.shape[0] ?? 0;
  checkTensor('trees', 'words', words, [moves.length, words.shape[1], 2 * Math.floor(units)]);
  checkTreeWeights(weights, units, tracked);
  if (!tracker) return;
  const columns = gateCounts.lstm * tracked;
  checkTensor('a tracker', 'input', tracker.input, [3 * units, columns]);
  checkTensor('a tracker', 'hidden', tracker.hidden, [tracked, columns]);
  checkTensor('a tracker', 'bias', tracker.bias, [columns]);
  if (tracker.hiddenBias === undefined) return;
  throw new MillraceError('MILLRACE_SHAPE', 'A tracker is an LSTM, and has one bias', { expected: 'no hiddenBias' });
}
