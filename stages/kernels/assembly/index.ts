/**
 * The loops over bytes of the text stages, in AssemblyScript: WebAssembly's SIMD looks at 16 bytes at a time, which
 * JavaScript cannot. `npm run kernels` compiles them to `../text.wasm`; `../kernels.ts` is their one caller.
 *
 * All share these conventions. Texts are given as ranges: an int32 start and an int32 end each, -1 for none, as distances
 * from `base`. 64 bytes may be read behind the end of any text. What the kernels write they are given room for.
 */

export { scanObjects } from './json';
export { cutLeaves } from './leaves';
export { findLines } from './lines';
export { lowercase } from './lowercase';
export { coverRanges } from './ranges';
export { copyTexts, findBlanks, matchWords } from './texts';
export {
  addToken,
  addTokens,
  findToken,
  findTokens,
  newTable,
  releaseTable,
  tokenCount,
  tokenEnd,
  tokenStart,
} from './tokens';
export { findWords, readVectors } from './vectors';

/** Memory for so many bytes, and for what may be read behind them. */
export function allocate(size: usize): usize {
  return heap.alloc(size + 64);
}

export function release(address: usize): void {
  heap.free(address);
}
