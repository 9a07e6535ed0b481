/** What a recurrent network over a batch of sentences is made of. */

import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';

/** How many gates a cell has: blocks of columns of its weights. */
export const gateCounts = { relu: 1, tanh: 1, lstm: 4, gru: 3 } as const;

/** `relu` and `tanh` are the simple cell (Elman 1990) with that activation. */
export type RecurrentCell = keyof typeof gateCounts;

/**
 * Of `E` numbers a word, `H` units, and `G` gates in PyTorch's order: i, f, g, o of the LSTM and r, z, n of the GRU,
 * each a block of `H` columns.
 */
export interface RecurrentWeights {
  /** `[E, G * H]` */
  readonly input: Tensor2D;
  /** `[H, G * H]` */
  readonly hidden: Tensor2D;
  /** `[G * H]` */
  readonly bias: Tensor1D;
  /** `[G * H]`, of the product with the state: for the GRU, whose reset gate stands between the two biases. */
  readonly hiddenBias?: Tensor1D;
}

export type Returns = 'last' | 'states';

export interface RecurrentSequence {
  readonly cell: RecurrentCell;
  /** `[B, L, E]` */
  readonly words: Tensor3D;
  /** `[B, L]`, bool: where a word is, and not padding. It has no gradient. */
  readonly mask: Tensor2D;
  readonly weights: RecurrentWeights;
  /** The state after each sentence's last word, or that after each word. */
  readonly returns: Returns;
  /** From each sentence's last word to its first; default false. */
  readonly reverse?: boolean;
}
