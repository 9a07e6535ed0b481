/**
 * The heap of a wasm module ends at 4 GB. When it is full, `malloc` answers 0, and TensorFlow.js takes that for an
 * address: tensors then overwrite each other and the library's own data, and numbers are wrong without a word.
 */

import { MillraceError } from '../pipeline/errors.ts';
import type { WasmBackend } from './wasm-backend.ts';

const guarded = new WeakSet<object>();

/** Makes an allocation that fails throw `MILLRACE_ENGINE`. */
export function guardHeap({ wasm }: WasmBackend): void {
  if (guarded.has(wasm)) return;
  guarded.add(wasm);
  // On its first call Emscripten's stub puts the real function in its own place, and would put ours out of it.
  wasm._free(wasm._malloc(1));
  const malloc = wasm._malloc;
  wasm._malloc = (bytes) => {
    // A size of 4 GB or more would be taken modulo 4 GB.
    const address = bytes < 2 ** 32 ? malloc(bytes) >>> 0 : 0;
    // Near 4 GB it may also give room that the heap has not got: its own sums go beyond 32 bits.
    const isBeyond = address + bytes > wasm.HEAPU8.length;
    if (isBeyond) wasm._free(address);
    if (isBeyond || (address === 0 && bytes > 0)) throw heapIsFull(bytes);
    return address;
  };
}

function heapIsFull(bytes: number): MillraceError {
  return new MillraceError('MILLRACE_ENGINE', 'The heap of the wasm engine is full', {
    expected: `room for ${bytes} bytes more, 4 GB in all`,
    hint: 'Use smaller batches or a smaller model, or dispose of tensors that are no longer needed.',
  });
}
