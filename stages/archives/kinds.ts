/** What a run of bytes is, known by how it begins: never by its name. */
import { isDamagedTarHeader, isTarHeader, TAR_BLOCK } from './tar-header.ts';

/** What can be opened, what can only be named, and all else. */
export type Kind = 'zip' | 'gzip' | 'zstd' | 'tar' | 'bzip2' | 'xz' | '7z' | 'rar' | 'plain';

/** How it begins, byte for byte. */
const magics: readonly (readonly [kind: Kind, magic: readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  // The end record of an empty archive.
  ['zip', [0x50, 0x4b, 0x05, 0x06]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  // A frame that zstd skips, which some programs put in front.
  ...Array.from({ length: 16 }, (_, i) => ['zstd', [0x50 + i, 0x2a, 0x4d, 0x18]] as const),
  // Behind the level, 1 to 9, comes a block or the end.
  ...Array.from({ length: 9 }, (_, i) => ['bzip2', [0x42, 0x5a, 0x68, 0x31 + i, 0x31, 0x41, 0x59, 0x26]] as const),
  ...Array.from({ length: 9 }, (_, i) => ['bzip2', [0x42, 0x5a, 0x68, 0x31 + i, 0x17, 0x72, 0x45, 0x38]] as const),
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['rar', [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07]],
];

const NEWLINE = 10;

/**
 * What begins so, or nothing as long as that depends on what comes next.
 *
 * @param head the first bytes; {@link TAR_BLOCK} of them are always enough
 * @param ended whether these are all
 */
export function kindOf(head: Uint8Array, ended = false): Kind | undefined {
  let open = false;
  for (const [kind, magic] of magics) {
    const known = Math.min(magic.length, head.length);
    if (!magic.slice(0, known).every((byte, i) => head[i] === byte)) continue;
    if (known === magic.length) return kind;
    open = true;
  }
  const block = head.subarray(0, TAR_BLOCK);
  if (block.length === TAR_BLOCK) {
    if (isTarHeader(block) || isDamagedTarHeader(block)) return 'tar';
    // The line that somebody has just typed is text, and must not wait for the 512 bytes that a tar would bring.
  } else if (!block.includes(NEWLINE) || block.subarray(0, block.indexOf(NEWLINE)).includes(0)) open = true;
  return open && !ended ? undefined : 'plain';
}
