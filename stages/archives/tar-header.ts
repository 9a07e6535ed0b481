/** The header blocks of a tar archive: POSIX ustar and pax (IEEE Std 1003.1, "pax"), GNU, and the older ones. */
import { MillraceError, type Origin } from '../../pipeline/errors.ts';

/** All of a tar is in blocks of so many bytes. */
export const TAR_BLOCK = 512;

export interface TarHeader {
  readonly name: string;
  /** Of the data behind the header, in bytes. */
  readonly size: number;
  readonly type: string;
  readonly link: string;
}

/** Whether a block is the header of something, by the sum of its bytes. */
export function isTarHeader(block: Uint8Array): boolean {
  const field = text(block, 148, 8).trim();
  if (!/^[0-7]+$/.test(field)) return false;
  // The field itself counts as spaces. Some old programs took the bytes as signed numbers.
  let sum = 8 * 0x20;
  let signed = sum;
  for (let i = 0; i < TAR_BLOCK; i++) {
    if (i >= 148 && i < 156) continue;
    sum += block[i]!;
    signed += (block[i]! << 24) >> 24;
  }
  const promised = Number.parseInt(field, 8);
  return promised === sum || promised === signed;
}

/** Whether it is the header that it says it is, though its sum is wrong: text has no zeros. */
export function isDamagedTarHeader(block: Uint8Array): boolean {
  return text(block, 257, 5) === 'ustar' && block.includes(0) && !isTarHeader(block);
}

/** @throws MillraceError `MILLRACE_BAD_ARCHIVE` when the block is no header */
export function parseTarHeader(block: Uint8Array, origin: Origin): TarHeader {
  if (!isTarHeader(block)) throw badTar(origin, 'The checksum of a header is wrong');
  const posix = text(block, 257, 6) === 'ustar' && block[262] === 0;
  const prefix = posix ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: parseNumber(block.subarray(124, 136), origin),
    type: String.fromCharCode(block[156]! || 0x30),
    link: text(block, 157, 100),
  };
}

/** The attributes of a pax header: `LENGTH KEY=VALUE\n`, one after the other, lengths in bytes and with themselves. */
export function parsePax(data: Buffer, origin: Origin): Map<string, string> {
  const attributes = new Map<string, string>();
  for (let at = 0; at < data.length; ) {
    const [, digits = ''] = /^(\d{1,9}) /.exec(data.toString('latin1', at, at + 10)) ?? [];
    const end = at + Number(digits);
    const equals = data.indexOf('=', at);
    if (digits === '' || end > data.length || data[end - 1] !== 10 || equals < 0 || equals >= end) {
      throw badTar(origin, 'A pax header is damaged');
    }
    attributes.set(data.toString('utf8', at + digits.length + 1, equals), data.toString('utf8', equals + 1, end - 1));
    at = end;
  }
  return attributes;
}

export function badTar(origin: Origin, what: string): MillraceError {
  return new MillraceError('MILLRACE_BAD_ARCHIVE', `The tar archive is damaged or ends too early: ${what}`, {
    origin,
    hint: 'If it was downloaded, fetch it again.',
  });
}

/** Octal digits between spaces and zeros; GNU's base 256 where the first bit is set. */
function parseNumber(field: Uint8Array, origin: Origin): number {
  let value = 0;
  if (field[0] === 0x80) {
    for (const byte of field.subarray(1)) value = value * 256 + byte;
  } else {
    const digits = text(field, 0, field.length).trim();
    value = /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : Number.NaN;
  }
  if (!Number.isSafeInteger(value)) throw badTar(origin, 'A header has no size');
  return value;
}

/** The text of a field, up to its first zero. */
export function text(block: Uint8Array, start: number, length: number): string {
  const field = Buffer.from(block.buffer, block.byteOffset + start, length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}
