/** What must not be handed to fzstd: it would never return. */

const COMPRESSED = 2;

/**
 * Whether the Huffman table of a block says that all its weights are one (RFC 8878, 4.2.1.2): a state of such a table takes
 * no bits, so fzstd reads weights from it without end. No program writes that, since such weights are shorter as they are.
 *
 * @param block with its header of three bytes
 */
export function hasEndlessWeights(block: Uint8Array): boolean {
  const [header = 0, , , literals = 0] = block;
  if (((header >> 1) & 3) !== COMPRESSED || (literals & 3) !== COMPRESSED) return false;
  const at = 3 + [3, 3, 4, 5][(literals >> 2) & 3]!;
  // From 128 on the weights are there as they are.
  return (block[at] ?? 128) < 128 && hasOneSymbol(block.subarray(at + 1));
}

/** Whether the table of probabilities (RFC 8878, 4.1.1) gives all of it to one symbol. */
function hasOneSymbol(table: Uint8Array): boolean {
  const accuracy = ((table[0] ?? 0) & 15) + 5;
  const size = 2 ** accuracy;
  // Nothing has been given away yet: a number is one of 0 to size + 1, in one bit less where that is enough.
  const low = size - 1;
  const spare = 2 * size - 1 - (size + 1);
  for (let bit = 4; bit < table.length * 8; ) {
    const wide = bitsAt(table, bit, accuracy + 1);
    const isNarrow = (wide & low) < spare;
    const value = isNarrow ? wide & low : wide > low ? wide - spare : wide;
    bit += isNarrow ? accuracy : accuracy + 1;
    if (value !== 1) return value - 1 === size;
    // A symbol without a share; how many more of them follow, in twos of bits.
    let more = 3;
    while (more === 3) {
      more = bitsAt(table, bit, 2);
      bit += 2;
    }
  }
  return false;
}

function bitsAt(bytes: Uint8Array, bit: number, count: number): number {
  const at = bit >> 3;
  const three = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
  return (three >> (bit & 7)) & (2 ** count - 1);
}
