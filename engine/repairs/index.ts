/** Kernels that TensorFlow.js 4.22 lacks, gets wrong, or runs far too slowly, each in a file of its own. */

import { webGpuAddN } from './add-n.ts';
import { repairBroadcastGradients } from './broadcast-gradients.ts';
import { wasmCast } from './cast.ts';
import { repairGatherGradient, wasmGather } from './gather.ts';
import { wasmIdentity } from './identity.ts';
import { wasmBatchMatMul, wasmFusedMatMul } from './matmul.ts';
import { wasmOneHot } from './one-hot.ts';
import { install } from './repair.ts';
import { wasmReverse } from './reverse.ts';
import { wasmSlice, wasmSplit, wasmUnpack } from './slice.ts';
import { wasmTanh } from './tanh.ts';
import { webGpuTranspose } from './transpose.ts';
import { cpuUnsortedSegmentSum, wasmUnsortedSegmentSum } from './unsorted-segment-sum.ts';

/** Repairs what all backends share. The gradients must have been registered. */
export function repairGradients(): void {
  repairBroadcastGradients();
  repairGatherGradient();
}

/** Repairs the cpu backend. Its package must have been imported, and the backend not yet been set. */
export function repairCpu(): void {
  install(cpuUnsortedSegmentSum);
}

/** Repairs the wasm backend. Its package must have been imported, and the backend not yet been set. */
export function repairWasm(): void {
  install(wasmBatchMatMul);
  install(wasmCast);
  install(wasmFusedMatMul);
  install(wasmGather);
  install(wasmIdentity);
  install(wasmOneHot);
  install(wasmReverse);
  install(wasmSlice);
  install(wasmSplit);
  install(wasmTanh);
  install(wasmUnpack);
  install(wasmUnsortedSegmentSum);
}

/** Repairs the webgpu backend. Its package must have been imported, and the backend not yet been set. */
export function repairWebGpu(): void {
  install(webGpuAddN);
  install(webGpuTranspose);
}
