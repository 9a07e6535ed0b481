import { xxh64 } from './xxh64.ts';

const LARGEST_BLOCK = 1 << 17;

export const plain = Array.from({ length: 60 }, (_, i) => `sentence ${i * i} is followed by another one. `).join('');

/** {@link plain} by `zstd -19 --check`, with blocks of all that the format has for the saving of space. */
export const packed = Buffer.from(
  `KLUv/WSqCNUFAPKLHhegKR3Iz5lUlrvfAeAMKUmSaSdZv/9pAmT2zbk3VKU53dHMg3iyiDbNsSeqsjd3Nv8gI08t23fzq/ZFZy7p
Rx7ZbMf1ePU/6lo2mzTduOasWu3vbpdE5p9vqqczFcBBkpI4hkWCBEpDUAiHkSAQSaEoDoXlDJCzQI4iPKgRYFC7+78B0JsZAxGs
EPw/QrDbD0EinSQRAOF0A0ACld3M5ZQkZpKMSTYRfyUfuetc8cs/7UOCK2BXAQ5cpuQ=`,
  'base64',
);

/**
 * Zstandard as RFC 8878 has it, a frame for each of `contents`, in the two kinds of blocks that need no compressor: bytes
 * as they are, and one byte repeated.
 */
export function zstdOf(contents: readonly Uint8Array[], { checksum = true, sized = true } = {}): Buffer {
  return Buffer.concat(contents.flatMap((data) => frame(Buffer.from(data), checksum, sized)));
}

function frame(data: Buffer, checksum: boolean, sized: boolean): Buffer[] {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(data.length));
  const flags = (checksum ? 4 : 0) | (sized ? 0xc0 : 0);
  // The window is 2^17 bytes.
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, flags, 7 << 3]), ...(sized ? [size] : [])];
  for (let at = 0; ; at += LARGEST_BLOCK) {
    const block = data.subarray(at, at + LARGEST_BLOCK);
    const last = at + LARGEST_BLOCK >= data.length;
    const repeats = block.length > 1 && block.equals(Buffer.alloc(block.length, block.subarray(0, 1)));
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (repeats ? 2 : 0) | (last ? 1 : 0), 0, 3);
    parts.push(header, repeats ? block.subarray(0, 1) : block);
    if (last) break;
  }
  if (checksum) {
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(Number(xxh64(data) & 0xffffffffn));
    parts.push(sum);
  }
  return parts;
}
