import { getBackend, backend as runningBackend, type Tensor } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './wasm-backend.ts';

/**
 * Copies the numbers of a float32 tensor to where `target` begins, such as memory that threads share.
 *
 * `tensor.data()` makes an array of its own for them: to get one for each weight in each step, from the system and back to
 * it, takes longer than the copying.
 */
export async function readInto(tensor: Tensor, target: Float32Array): Promise<void> {
  if (getBackend() === 'wasm') {
    const backend = runningBackend() as unknown as WasmBackend;
    target.set(backend.typedArrayFromHeap({ dataId: tensor.dataId, shape: tensor.shape, dtype: tensor.dtype }));
  } else {
    target.set(await tensor.data<'float32'>());
  }
}
