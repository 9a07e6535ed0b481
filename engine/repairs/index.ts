/** Kernels that TensorFlow.js 4.22 lacks, gets wrong, or runs far too slowly, each in a file of its own. */

import { wasmBatchMatMul, wasmFusedMatMul } from './matmul.ts';
import { install } from './repair.ts';
import { cpuUnsortedSegmentSum, wasmUnsortedSegmentSum } from './unsorted-segment-sum.ts';

/** Repairs the cpu backend. Its package must have been imported, and the backend not yet been set. */
export function repairCpu(): void {
  install(cpuUnsortedSegmentSum);
}

/** Repairs the wasm backend. Its package must have been imported, and the backend not yet been set. */
export function repairWasm(): void {
  install(wasmBatchMatMul);
  install(wasmFusedMatMul);
  install(wasmUnsortedSegmentSum);
}
