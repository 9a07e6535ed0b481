import {
  add,
  addN,
  any,
  cast,
  div,
  expandDims,
  maximum,
  mul,
  notEqual,
  reshape,
  type Scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { type AdamStep, type AdamWeight, corrected } from '../adam-step.ts';

/**
 * `adamStep` in operations of TensorFlow.js, for every engine. Clipping and bias correction are folded into scalars:
 * each pass over a large table of word vectors is dear.
 */
export function portableAdam(weights: readonly AdamWeight[], step: AdamStep): Scalar {
  return tidy(() => {
    const norm = sqrt(addN(weights.map(({ gradient }) => sum(square(gradient))))) as Scalar;
    const clip = div(step.maxGradientNorm, maximum(norm, step.maxGradientNorm));
    const firstShare = mul(clip, 1 - step.firstDecay);
    const secondShare = mul(square(clip), 1 - step.secondDecay);
    const { rate, epsilon } = corrected(step);
    for (const { weight, first, second, gradient, sparse } of weights) {
      const mean = add(mul(first, step.firstDecay), mul(gradient, firstShare));
      const meanSquare = add(mul(second, step.secondDecay), mul(square(gradient), secondShare));
      const moved = sub(weight, mul(div(mean, add(sqrt(meanSquare), epsilon)), rate));
      const rows = sparse ? nonzeroRows(gradient) : undefined;
      first.assign(among(rows, mean, first));
      second.assign(among(rows, meanSquare, second));
      weight.assign(among(rows, moved, weight));
    }
    return norm;
  });
}

/** 1 for each row that holds any number but 0, with as many axes as the rows' tensor. */
function nonzeroRows(values: Tensor): Tensor {
  const rows = any(notEqual(reshape(values, [values.shape[0]!, -1]), 0), 1);
  let column: Tensor = cast(rows, 'float32');
  while (column.rank < values.rank) column = expandDims(column, -1);
  return column;
}

/** The rows as they are now where there is a 1, as they were elsewhere. */
function among(rows: Tensor | undefined, now: Tensor, before: Tensor): Tensor {
  return rows ? add(before, mul(sub(now, before), rows)) : now;
}
