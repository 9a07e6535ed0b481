import test from 'ava';
import { hasEndlessWeights } from '../../../stages/archives/zstd-weights.ts';
import { packed } from './zstd-of.ts';

/** A block whose Huffman weights have these shares of a table; shares are written as RFC 8878, 4.1.1, says. */
function blockOf(accuracy: number, leading: number, share: number): Buffer {
  const size = 2 ** accuracy;
  const bits: number[] = [];
  const push = (value: number, count: number) => {
    for (let i = 0; i < count; i++) bits.push((value >> i) & 1);
  };
  const pushShare = (one: number) => {
    const value = one + 1;
    const spare = 2 * size - 1 - (size + 1);
    if (value < spare) push(value, accuracy);
    else push(value < size ? value : value + spare, accuracy + 1);
  };
  push(accuracy - 5, 4);
  // Symbols without a share: the first as such, the others as how many more there are.
  if (leading > 0) {
    pushShare(0);
    let more = leading - 1;
    for (; more >= 3; more -= 3) push(3, 2);
    push(more, 2);
  }
  pushShare(share);
  const table = Buffer.alloc(16);
  bits.forEach((bit, i) => {
    table[i >> 3]! |= bit << (i & 7);
  });
  const compressed = 2;
  return Buffer.concat([Buffer.from([compressed << 1, 0, 0, compressed, 0, 0, table.length]), table]);
}

test('weights that are all one are found, whichever symbol has them, and no others', (t) => {
  for (const accuracy of [5, 6]) {
    for (let leading = 0; leading < 12; leading++) {
      for (let share = 1; share <= 2 ** accuracy; share++) {
        const message = `${share} of ${2 ** accuracy} behind ${leading}`;
        t.is(hasEndlessWeights(blockOf(accuracy, leading, share)), share === 2 ** accuracy, message);
      }
    }
  }
});

test('what a compressor writes is let pass, and so are blocks of other kinds', (t) => {
  const start = packed.indexOf(Buffer.from([0xd5, 0x05, 0x00]));
  t.true(start > 0);
  t.false(hasEndlessWeights(packed.subarray(start)));
  const endless = blockOf(5, 2, 32);
  // Bytes as they are, and one byte repeated.
  for (const kind of [0, 1]) t.false(hasEndlessWeights(Buffer.from([kind << 1, ...endless.subarray(1)])));
  for (let length = 0; length < 8; length++) t.false(hasEndlessWeights(endless.subarray(0, length)));
});
