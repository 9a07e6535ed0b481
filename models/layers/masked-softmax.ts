import { add, mul, softmax, sub, type Tensor } from '@tensorflow/tfjs-core';

/** So far below every score that its exponential is 0, and so near that float32 can hold a score beside it. */
const BELOW_ALL = -1e30;

/**
 * Softmax over the last axis among the words of the mask, and 0 elsewhere; where there are no words at all it is 0
 * throughout.
 *
 * @param words float32, 1 for a word and 0 for padding, of a shape that broadcasts to that of the scores
 */
export function maskedSoftmax(scores: Tensor, words: Tensor): Tensor {
  // Without a word all are as far below, and the softmax is even: the second product makes it 0.
  return mul(softmax(add(mul(scores, words), mul(sub(1, words), BELOW_ALL))), words);
}
