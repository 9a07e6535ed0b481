import { getBackend, backend as runningBackend, type Tensor } from '@tensorflow/tfjs-core';
import { MillraceError } from '../pipeline/errors.ts';
import type { WasmBackend } from './wasm-backend.ts';

/**
 * Adds numbers to some rows of a float32 tensor, in place: what shares its elements, such as a `reshape` of it, changes
 * too. A sum in operations would go through all of a table for the sake of a few rows. For the wasm and the cpu engine.
 *
 * @param indices of the rows; of equal ones all are added, in their order
 * @param rows row-major, one for each index; what comes behind them is left out
 * @throws MillraceError `MILLRACE_ENGINE` on an engine that keeps its tensors elsewhere
 */
export function addToRows(table: Tensor, indices: Int32Array, rows: Float32Array): void {
  const values = elementsOf(table);
  const width = table.size / table.shape[0]!;
  for (let i = 0; i < indices.length; i++) {
    const [from, to] = [i * width, indices[i]! * width];
    for (let k = 0; k < width; k++) values[to + k]! += rows[from + k]!;
  }
}

/** The elements of a tensor where they are, until the next one is made. */
function elementsOf({ dataId, shape, dtype }: Tensor): Float32Array {
  const name = getBackend();
  const backend = runningBackend();
  if (name === 'wasm') {
    return (backend as unknown as WasmBackend).typedArrayFromHeap({ dataId, shape, dtype }) as Float32Array;
  }
  // The cpu backend reads by giving its own array away.
  if (name === 'cpu') return backend.readSync(dataId) as Float32Array;
  throw new MillraceError('MILLRACE_ENGINE', 'Tensors cannot be changed in place on this engine', {
    expected: 'wasm or cpu',
    found: name,
  });
}
