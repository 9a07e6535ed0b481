/** In integers: 64 KiB. */
const BLOCK = 1 << 14;

let block = new ArrayBuffer(0);
let used = 0;

/**
 * So many zeros, in memory that other calls may share: V8 takes longer to make a small array outside its heap, and to
 * give it up again, than anyone takes to fill it. No integer is handed out twice.
 */
export function zeros(length: number): Int32Array {
  if (length > BLOCK / 4) return new Int32Array(length);
  if (used + length > block.byteLength / Int32Array.BYTES_PER_ELEMENT) {
    block = new ArrayBuffer(BLOCK * Int32Array.BYTES_PER_ELEMENT);
    used = 0;
  }
  const own = new Int32Array(block, used * Int32Array.BYTES_PER_ELEMENT, length);
  used += length;
  return own;
}
