/**
 * Two sentences through one encoder in one pass: the batches of premises and hypotheses are laid one after the other,
 * since a step of the recurrence over twice the rows costs hardly more than over one.
 */

import { concat, pad, serialization, split, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

type Shape = (number | null)[];

/** Ids `[B, P]` and `[B, H]` to `[2B, max(P, H)]`, premises first, the narrower padded with 0 at its end. */
export class JoinPair extends layers.Layer {
  static readonly className = 'MillraceJoinPair';

  override call(inputs: Tensor | Tensor[]): Tensor {
    const [premise, hypothesis] = inputs as [Tensor2D, Tensor2D];
    const width = Math.max(premise.shape[1], hypothesis.shape[1]);
    return concat([widen(premise, width), widen(hypothesis, width)], 0);
  }

  override computeOutputShape(): Shape {
    return [null, null];
  }
}

function widen(ids: Tensor2D, width: number): Tensor2D {
  const missing = width - ids.shape[1];
  if (missing === 0) return ids;
  return pad(ids, [
    [0, 0],
    [0, missing],
  ]);
}

/** The inverse for encodings: `[2B, H]` to two of `[B, H]`, that of the premises and that of the hypotheses. */
export class SplitPair extends layers.Layer {
  static readonly className = 'MillraceSplitPair';

  override call(inputs: Tensor | Tensor[]): Tensor[] {
    return split(Array.isArray(inputs) ? inputs[0]! : inputs, 2, 0);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape[] {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as Shape;
    return [shape, shape];
  }
}

/** The two halves of `[2B, ...]` in each other's place: for every premise its hypothesis, and the other way round. */
export class SwapPair extends layers.Layer {
  static readonly className = 'MillraceSwapPair';
  override supportsMasking = true;

  override call(inputs: Tensor | Tensor[]): Tensor {
    return exchange(Array.isArray(inputs) ? inputs[0]! : inputs);
  }

  override computeMask(): Tensor {
    // What it is for, the weights over its words, know where they are.
    return null as unknown as Tensor;
  }
}

export function exchange(pairs: Tensor): Tensor {
  const [premises, hypotheses] = split(pairs, 2, 0) as [Tensor, Tensor];
  return concat([hypotheses, premises], 0);
}

serialization.registerClass(JoinPair);
serialization.registerClass(SplitPair);
serialization.registerClass(SwapPair);
