import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { PairBatch } from '../stages/records.ts';
import { toInputs } from './dataset.ts';

/** A batch and what the model says about it. */
export interface Inference {
  readonly batch: PairBatch;
  /** Row-major `[batch.size, 3]` probabilities or `[batch.size, 1]` scores, by the head. */
  readonly outputs: Float32Array;
}

/** Runs a model over batches, without training. The source is closed when the reader stops. */
export async function* infer(model: LayersModel, batches: AsyncIterable<PairBatch>): AsyncGenerator<Inference, void> {
  for await (const batch of batches) {
    const { premise, hypothesis } = toInputs(batch);
    const output = model.predictOnBatch([premise, hypothesis]) as Tensor;
    try {
      yield { batch, outputs: (await output.data()) as Float32Array };
    } finally {
      premise.dispose();
      hypothesis.dispose();
      output.dispose();
    }
  }
}
