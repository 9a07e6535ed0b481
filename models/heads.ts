/** What a sentence-pair model says, and what it learns from: probabilities of the labels, or a score. */

import { add, log, mul, neg, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { MillraceError } from '../pipeline/errors.ts';
import { LABELS, type Label } from '../stages/records.ts';

/** `classifier`: softmax over the labels. `distance`: a score that falls with the distance of the two encodings. */
export type Head = 'classifier' | 'distance';

/** The score that the distance head learns to give a pair of each label. */
export const targetScores: Readonly<Record<Label, number>> = { entailment: 10, neutral: 0, contradiction: -10 };

/** Keeps the logarithm finite where float32 has no smaller number than 0; lost in the sum with any other. */
export const SMALLEST_PROBABILITY = 1e-37;

/** The head of a model, known by the width of its output. */
export function headOf(model: LayersModel): Head {
  const width = model.outputs.length === 1 ? model.outputs[0]!.shape.at(-1) : undefined;
  if (width === LABELS.length) return 'classifier';
  if (width === 1) return 'distance';
  throw new MillraceError('MILLRACE_SHAPE', 'The model has no head that Millrace knows', {
    expected: `one output, ${LABELS.length} wide (classifier) or 1 wide (distance)`,
    found: model.outputs.map(({ shape }) => `[${shape}]`).join(' '),
  });
}

/**
 * The loss that each head is trained with, one value a pair: cross-entropy, or the squared error of the score.
 *
 * The cross-entropy takes the softmax's probabilities and not its logits, so that a model predicts what it was trained
 * on. Its gradient is that of the logits all the same, since what `log` divides by `softmax` multiplies with; it differs
 * only where a probability is below float32, at logits 85 apart.
 */
export const losses: Readonly<Record<Head, (target: Tensor, output: Tensor) => Tensor>> = {
  classifier: (target, output) => neg(sum(mul(target, log(add(output, SMALLEST_PROBABILITY))), -1)),
  distance: (target, output) => sum(square(sub(output, target)), -1),
};
