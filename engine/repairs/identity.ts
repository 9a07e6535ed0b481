/**
 * `Identity`: a copy of a tensor that shares its elements, as on the cpu backend. The wasm backend copies them, and every
 * operation on the tape makes such a copy of each tensor that its gradient needs: of a table of word vectors, at every
 * step, for a look-up of some hundred rows.
 */

import { Identity, type TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../wasm-backend.ts';
import type { Repair } from './repair.ts';

export const wasmIdentity: Repair<WasmBackend, { readonly x: TensorInfo }, object> = {
  kernel: Identity,
  backend: 'wasm',
  make:
    () =>
    ({ inputs: { x }, backend }) => {
      backend.incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
};
