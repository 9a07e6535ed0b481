/**
 * The edge between streams and tensors: batches of typed arrays become a `tf.data.Dataset`, a tensor for each array.
 */

import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { type Dataset, generator } from '@tensorflow/tfjs-data';
import { MillraceError } from '../pipeline/errors.ts';
import { LABELS, type PaddedSequences, type PairBatch } from '../stages/records.ts';
import { type Head, targetScores } from './heads.ts';
import { unlabelled } from './labelled.ts';

/** Word ids of the two sentences of each pair, by the names of a model's inputs. */
export type PairInputs = {
  /** int32 `[batch, premise width]`, 0 is padding. */
  premise: Tensor2D;
  /** int32 `[batch, hypothesis width]`, 0 is padding. */
  hypothesis: Tensor2D;
};

/** A batch to learn from, as `fitDataset` expects it. */
export type PairExample = {
  xs: PairInputs;
  /** Classifier: one-hot float32 `[batch, 3]`, in the order of `LABELS`. Distance head: target scores `[batch, 1]`. */
  ys: Tensor2D;
};

export interface DatasetOptions {
  /** The head of the model that will learn from it, default `classifier`. */
  readonly head?: Head;
  /** Start the next epoch where one ends, for ever; default false. */
  readonly repeat?: boolean;
}

/** A dataset that can also be read with `for await`, and closed. */
export type PairDataset = Dataset<PairExample> &
  AsyncIterable<PairExample> & {
    /** Closes the source of every epoch that was begun and not read to its end. */
    close(): Promise<void>;
  };

/**
 * A dataset for `model.fitDataset` and for loops written by hand.
 *
 * Each epoch opens the source anew and closes it at the end. Tensors belong to whoever takes them: `fitDataset` disposes
 * of its batches, and so must a loop. `break` out of `for await` closes the source; after `fitDataset` stopped within an
 * epoch call `close()`, since a tf.data iterator cannot tell its source that nobody listens any more.
 *
 * @param epoch opens the batches of an epoch, counted from 0
 * @throws MillraceError `MILLRACE_BAD_RECORD` while it is read, when a pair has no label to learn from, or when an epoch
 *   is empty (which would leave `repeat` without an end)
 */
export function toDataset(
  epoch: (index: number) => AsyncIterable<PairBatch>,
  { head = 'classifier', repeat = false }: DatasetOptions = {},
): PairDataset {
  const open = new Set<AsyncIterator<PairExample>>();
  let index = 0;

  async function* epochs(): AsyncGenerator<PairExample, void> {
    do {
      let empty = true;
      for await (const batch of epoch(index++)) {
        empty = false;
        // Targets first: they may throw, and nobody would dispose of the inputs.
        const ys = toTargets(batch, head);
        yield { xs: toInputs(batch), ys };
      }
      if (empty) throw nothingToLearnFrom();
    } while (repeat);
  }

  async function* tracked(): AsyncGenerator<PairExample, void> {
    const batches = epochs();
    open.add(batches);
    try {
      yield* batches;
    } finally {
      open.delete(batches);
    }
  }

  return Object.assign(generator<PairExample>(tracked), {
    [Symbol.asyncIterator]: tracked,
    close: async () => {
      await Promise.all([...open].map((batches) => batches.return?.()));
      open.clear();
    },
  });
}

/** The error of an epoch without a batch. */
export function nothingToLearnFrom(): MillraceError {
  return new MillraceError('MILLRACE_BAD_RECORD', 'There is no pair to learn from', {
    expected: 'at least one batch in an epoch',
    hint: 'Look at the source, the limit and the filters before the model',
  });
}

/** The tensors that a model reads; the caller disposes of them. */
export function toInputs(batch: PairBatch): PairInputs {
  return { premise: toIds(batch.premise, batch.size), hypothesis: toIds(batch.hypothesis, batch.size) };
}

/** What a head is to learn from a batch; the caller disposes of it. */
export function toTargets(batch: PairBatch, head: Head): Tensor2D {
  assertLabelled(batch);
  if (head === 'distance') {
    return tensor2d(
      Float32Array.from(batch.labels, (label) => targetScores[LABELS[label]!]),
      [batch.size, 1],
    );
  }
  const oneHot = new Float32Array(batch.size * LABELS.length);
  for (const [row, label] of batch.labels.entries()) oneHot[row * LABELS.length + label] = 1;
  return tensor2d(oneHot, [batch.size, LABELS.length]);
}

/** @throws MillraceError `MILLRACE_BAD_RECORD` for a pair without a label */
export function assertLabelled({ labels, pairIds, origins }: PairBatch): void {
  const missing = labels.indexOf(-1);
  if (missing >= 0) throw unlabelled(pairIds[missing]!, origins[missing]);
}

function toIds({ ids, width }: PaddedSequences, size: number): Tensor2D {
  // Kernels differ on tensors without elements, so a batch of empty sentences gets one column of padding.
  return width === 0 ? tensor2d(new Int32Array(size), [size, 1], 'int32') : tensor2d(ids, [size, width], 'int32');
}
