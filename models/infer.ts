import { dispose, type Tensor, tidy } from '@tensorflow/tfjs-core';
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
    const inputs = toInputs(batch, model.inputNames);
    // Not `predictOnBatch`, which hands on copies of its inputs: what a layer reads at once must not come from a GPU.
    const call = () =>
      model.call(
        model.inputNames.map((name) => inputs[name]!),
        { training: false },
      );
    const [output] = tidy(call) as [Tensor];
    try {
      yield { batch, outputs: (await output.data()) as Float32Array };
    } finally {
      dispose([...Object.values(inputs), output]);
    }
  }
}
