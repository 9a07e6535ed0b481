/** Broken files out of good ones, the same for the same seed: what transfers, disks, editors and attackers do to them. */
import { crc32 } from 'node:zlib';
import { Random } from '../../pipeline/random.ts';

/** The most that an input grows to: what is longer costs time and finds nothing more. */
const LONGEST = 2 ** 20;

/** Input `number` of a run with this seed on a target. The first inputs are the seeds of the target as they are. */
export function inputOf(target: string, seeds: readonly Uint8Array[], seed: number, number: number): Buffer {
  if (number < seeds.length) return Buffer.from(seeds[number]!);
  const random = new Random(crc32(`${seed} ${target} ${number}`));
  let bytes: Buffer = Buffer.from(pick(seeds, random));
  for (let left = 1 + random.below(6); left > 0; left--) {
    bytes = pick(mutations, random)(bytes, random, seeds).subarray(0, LONGEST);
  }
  return bytes;
}

type Mutation = (bytes: Buffer, random: Random, seeds: readonly Uint8Array[]) => Buffer;

/** By how often they are there. */
const mutations: readonly Mutation[] = [
  ...[flipBit, setByte, setNumber, setNumber, replaceDigits],
  ...[truncate, removeSlice, repeatSlice, moveSlice, splice],
  ...[insertScrap, insertScrap, insertScrap, swapScraps, replaceByte, nest],
  lengthen,
];

function flipBit(bytes: Buffer, random: Random): Buffer {
  const at = placeIn(bytes, random);
  if (at < bytes.length) bytes[at]! ^= 1 << random.below(8);
  return bytes;
}

function setByte(bytes: Buffer, random: Random): Buffer {
  const at = placeIn(bytes, random);
  const byte = pick([0, 1, 0x0a, 0x0d, 0x20, 0x22, 0x7f, 0x80, 0xff], random);
  return bytes.fill(byte, at, Math.min(bytes.length, at + 1 + random.below(8)));
}

/** What lengths, counts and offsets must never be believed to be: 0, 1, -1, 2^31, 2^32 - 1, 2^63 and their neighbours. */
const numbers = [
  0n,
  1n,
  -1n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
];

/** In a field of 1 to 8 bytes, in either order of bytes. */
function setNumber(bytes: Buffer, random: Random): Buffer {
  const field = Buffer.alloc(8);
  field.writeBigUInt64LE(BigInt.asUintN(64, pick(numbers, random) + BigInt(random.below(3) - 1)));
  const width = pick([1, 2, 4, 4, 8], random);
  const value = field.subarray(0, width);
  if (bytes.length >= width)
    bytes.set(random.below(4) === 0 ? value.reverse() : value, random.below(bytes.length - width + 1));
  return bytes;
}

const numerals = [...numbers.map(String), '-0', '1e999', '1e-999', '0.5', 'NaN', 'null', '""', '00', '0x10', ''];

/** A number that is written in digits. */
function replaceDigits(bytes: Buffer, random: Random): Buffer {
  const at = placeIn(bytes, random);
  const isDigit = (i: number) => bytes[i]! >= 0x30 && bytes[i]! <= 0x39;
  let start = at;
  while (start < bytes.length && !isDigit(start)) start++;
  let end = start;
  while (end < bytes.length && isDigit(end)) end++;
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(pick(numerals, random)), bytes.subarray(end)]);
}

function truncate(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(0, placeIn(bytes, random));
}

function removeSlice(bytes: Buffer, random: Random): Buffer {
  const [start, end] = sliceOf(bytes, random);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
}

function repeatSlice(bytes: Buffer, random: Random): Buffer {
  const [start, end] = sliceOf(bytes, random);
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
}

function moveSlice(bytes: Buffer, random: Random): Buffer {
  const [start, end] = sliceOf(bytes, random);
  const slice = bytes.subarray(start, end);
  const rest = Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  const at = placeIn(rest, random);
  return Buffer.concat([rest.subarray(0, at), slice, rest.subarray(at)]);
}

/** The beginning of one file and the end of another. */
function splice(bytes: Buffer, random: Random, seeds: readonly Uint8Array[]): Buffer {
  const other = Buffer.from(pick(seeds, random));
  return Buffer.concat([bytes.subarray(0, placeIn(bytes, random)), other.subarray(placeIn(other, random))]);
}

/** What means something to one parser or another, or is no UTF-8. */
const scraps: readonly Buffer[] = [
  ...['"', '""', "'", '\\', '\\u', '\\ud800', '{', '}', '[', ']', ':', ',', '(', ')', '( ', ' )', ' ( a b ) '],
  ...[
    '\n',
    '\r',
    '\r\n',
    '\n\n',
    '\t',
    '\0',
    ' ',
    '\u00a0',
    '\u2028',
    '\ufeff',
    '\u{1f600}',
    '-',
    '-LRB-',
    '#',
    '/',
    '../',
  ],
  ...['null', 'true', '{}', '[]', '"__proto__":', 'constructor', '<pad>', '<unk>', '"rerun"', '=', '\nneutral\t'],
].map((text) => Buffer.from(text));
const noUtf8 = [[0xc3], [0xff], [0xed, 0xa0, 0x80], [0xf0, 0x9f], [0xc0, 0x80], [0xff, 0xfe]].map((bytes) =>
  Buffer.from(bytes),
);

function insertScrap(bytes: Buffer, random: Random): Buffer {
  const at = placeIn(bytes, random);
  const scrap = pick(random.below(4) === 0 ? noUtf8 : scraps, random);
  return Buffer.concat([bytes.subarray(0, at), scrap, bytes.subarray(at)]);
}

/** All of one scrap become another, as when a file goes through an editor with other ideas of line ends or tabs. */
function swapScraps(bytes: Buffer, random: Random): Buffer {
  const [from, to] = [pick(scraps, random), pick(scraps, random)];
  return Buffer.from(bytes.toString('latin1').replaceAll(from.toString('latin1'), to.toString('latin1')), 'latin1');
}

function replaceByte(bytes: Buffer, random: Random): Buffer {
  const at = placeIn(bytes, random);
  if (at < bytes.length) bytes[at] = random.below(256);
  return bytes;
}

/** Brackets in brackets, closed or not. */
function nest(bytes: Buffer, random: Random): Buffer {
  const [open, close] = pick(
    [
      ['[', ']'],
      ['{"a":', '}'],
      ['( ', ' )'],
      ['( a ', ' )'],
      ['"', '"'],
    ] as const,
    random,
  );
  const depth = 2 ** random.below(17);
  const at = placeIn(bytes, random);
  const inner = random.below(2) === 0 ? '' : `1${close.repeat(depth)}`;
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(open.repeat(depth) + inner), bytes.subarray(at)]);
}

/** A very long line, or a very long word in it. */
function lengthen(bytes: Buffer, random: Random): Buffer {
  const [start, end] = sliceOf(bytes, random);
  const slice = Buffer.from(bytes.subarray(start, Math.min(end, start + 64)));
  const line = Buffer.from(slice.filter((byte) => byte !== 0x0a));
  if (line.length === 0) return bytes;
  const long = Buffer.alloc(2 ** random.below(20), line);
  return Buffer.concat([bytes.subarray(0, start), long, bytes.subarray(start)]);
}

/** Half of all places are near one of the ends, where headers and tables of contents are. */
function placeIn({ length }: Buffer, random: Random): number {
  const near = Math.min(length, 2 ** random.below(10));
  switch (random.below(4)) {
    case 0:
      return random.below(near + 1);
    case 1:
      return length - random.below(near + 1);
    default:
      return random.below(length + 1);
  }
}

function sliceOf(bytes: Buffer, random: Random): [start: number, end: number] {
  const start = placeIn(bytes, random);
  return [start, Math.min(bytes.length, start + random.below(2 ** random.below(14)) + 1)];
}

function pick<T>(values: readonly T[], random: Random): T {
  return values[random.below(values.length)]!;
}
