import { engine, mul, type Scalar, scalar, tidy, type Variable } from '@tensorflow/tfjs-core';
import { type AdamStep, type AdamWeight, corrected } from '../adam-step.ts';
import { addressOf, type WasmBackend, withMemory } from '../wasm-backend.ts';
import type { Kernels } from './exports.ts';

const INTEGER = Int32Array.BYTES_PER_ELEMENT;

/**
 * `adamStep` in place, in one pass over what moves. The norm is summed weight by weight, each in float32 over 4,096
 * numbers in four lanes, and those sums in float64.
 */
export function fusedAdam({ run }: Kernels, weights: readonly AdamWeight[], step: AdamStep): Scalar {
  const backend = engine().backend as unknown as WasmBackend;
  let squares = 0;
  for (const { gradient } of weights) squares += run.squareSum(addressOf(backend, gradient), gradient.size);
  const norm = Math.sqrt(squares);
  // NaN stays NaN, so that the weights show it.
  const clip = norm <= step.maxGradientNorm ? 1 : step.maxGradientNorm / norm;
  const { rate, epsilon } = corrected(step);
  for (const { weight, first, second, gradient, sparse } of weights) {
    for (const variable of [weight, first, second]) own(backend, variable);
    const rows = sparse ? weight.shape[0]! : 1;
    const width = rows === 0 ? 0 : weight.size / rows;
    withMemory(backend, [Math.max(rows, 1) * INTEGER], ([indices]) => {
      const values = addressOf(backend, gradient);
      if (!sparse) new Int32Array(backend.wasm.HEAPU8.buffer, indices!, 1)[0] = 0;
      const count = sparse ? run.nonzeroRows(values, rows, width, indices!) : 1;
      run.adam(
        ...([weight, first, second].map((variable) => addressOf(backend, variable)) as [number, number, number]),
        ...([values, indices!, count, width] as const),
        ...([step.firstDecay, clip * (1 - step.firstDecay)] as const),
        ...([step.secondDecay, clip ** 2 * (1 - step.secondDecay)] as const),
        rate,
        epsilon,
      );
    });
  }
  return scalar(norm);
}

/** Gives a variable numbers of its own, where another tensor shares them: what is assigned to a variable, it shares. */
function own(backend: WasmBackend, variable: Variable): void {
  if (backend.refCount(variable.dataId) > 1) tidy(() => variable.assign(mul(variable, 1)));
}
