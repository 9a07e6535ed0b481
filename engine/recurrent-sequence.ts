/**
 * Recurrent networks over whole sentences, as one differentiable operation: on wasm by kernels of our own, on other
 * engines by TensorFlow.js's operations.
 */

import { backend, type Tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { MillraceError } from '../pipeline/errors.ts';
import { checkTensor } from './check-tensor.ts';
import { kernelsOf } from './kernels/kernels.ts';
import { fusedSequence } from './kernels/recurrent-sequence.ts';
import { portableSequence } from './portable/recurrent-sequence.ts';
import { gateCounts, type RecurrentSequence } from './recurrence.ts';

/**
 * Runs a recurrent network over each sentence of a batch.
 *
 * It starts from 0, and padding is passed over wherever it stands: neither states nor gradients hang on it. In reverse,
 * the last word is the first to be read, and `last` is the state after the first word.
 *
 * - simple cell: `h' = f(x · input + h · hidden + bias)`
 * - LSTM: `c' = σ(f) c + σ(i) tanh(g)`, `h' = σ(o) tanh(c')`, with i, f, g and o of `x · input + h · hidden + bias`
 * - GRU: `h' = (1 - z) n + z h` with `n = tanh(x · input + bias + r (h · hidden + hiddenBias))`
 *
 * @returns `[B, H]`, 0 for sentences without words; or if it `returns` all states `[B, L, H]`, 0 at padding. It has
 *   gradients for the words and all weights
 * @throws MillraceError `MILLRACE_SHAPE` when the shapes do not fit one another
 */
export function recurrentSequence(sequence: RecurrentSequence & { returns: 'last' }): Tensor2D;
export function recurrentSequence(sequence: RecurrentSequence & { returns: 'states' }): Tensor3D;
export function recurrentSequence(sequence: RecurrentSequence): Tensor2D | Tensor3D;
export function recurrentSequence(sequence: RecurrentSequence): Tensor {
  checkShapes(sequence);
  const kernels = kernelsOf(backend());
  return kernels ? fusedSequence(kernels, sequence) : portableSequence(sequence);
}

const WHOSE = 'a recurrent network';

function checkShapes({ cell, words, mask, weights }: RecurrentSequence): void {
  const [batch, length, size] = words.shape;
  const units = weights.hidden.shape[0];
  const columns = gateCounts[cell] * units;
  checkTensor(WHOSE, 'words', words, [batch, length, size]);
  checkTensor(WHOSE, 'mask', mask, [batch, length], 'bool');
  checkTensor(WHOSE, 'input', weights.input, [size, columns]);
  checkTensor(WHOSE, 'hidden', weights.hidden, [units, columns]);
  checkTensor(WHOSE, 'bias', weights.bias, [columns]);
  if (weights.hiddenBias !== undefined) checkTensor(WHOSE, 'hiddenBias', weights.hiddenBias, [columns]);
  if ((cell === 'gru') === (weights.hiddenBias !== undefined)) return;
  throw new MillraceError('MILLRACE_SHAPE', `The weights of a recurrent network are not those of its cell, ${cell}`, {
    expected: cell === 'gru' ? 'a hiddenBias' : 'no hiddenBias',
    hint: 'For other cells than the GRU two biases are one: their sum.',
  });
}
