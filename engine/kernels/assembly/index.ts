/**
 * The engine's own kernels on wasm, in AssemblyScript. `npm run kernels` compiles them twice, with relaxed SIMD and
 * without; `../kernels.ts` loads them, into the memory of TensorFlow.js's own module: so tensors are where they are.
 *
 * The module has no data and no state of its own, and allocates nothing: whatever a kernel needs is given to it by
 * address. Matrices are float32, row after row, and sizes are counted in numbers where nothing else is said.
 */

export { activate } from './activate';
export { adam, nonzeroRows, squareSum } from './adam';
export { lstmBackward, lstmForward } from './lstm';
export { multiply, multiplyScratch, packedSize, packMatrix } from './multiply';
export { addColumns, addRows, gatherColumns, gatherRows, sumRows } from './rows';
export { sequenceBackward, sequenceForward, statesBefore } from './sequence';
export { softmaxBackward, softmaxForward } from './softmax';
export { treeBackward, treeForward } from './tree';
