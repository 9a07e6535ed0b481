/**
 * `checkpoint.bin` of a run: a line that says what it is, a line of JSON, zeros up to a multiple of four bytes, the
 * tensors as little-endian float32, and the CRC-32 of all that. It is replaced in one move, so that a training that is
 * killed leaves the one before or this one.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { MillraceError } from '../pipeline/index.ts';
import { writeFileAtomic } from '../stages/index.ts';
import type { Checkpoint } from './checkpoint.ts';

export const CHECKPOINT_FILE = 'checkpoint.bin';
const FIRST_LINE = Buffer.from('millrace checkpoint 1\n');
const NEWLINE = 10;
const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;
const CRC_BYTES = 4;

const lists = ['weights', 'moments', 'bestWeights'] as const;

/** What the second line holds: the lengths of the tensors in place of the tensors. */
type Header<T> = Omit<T, (typeof lists)[number]> & Record<(typeof lists)[number], readonly number[]>;

/** Writes a checkpoint, with whatever else is told in plain JSON, into the folder of a run. */
export async function writeCheckpoint<T extends Checkpoint>(folder: string, checkpoint: T): Promise<void> {
  const { weights, moments, bestWeights, ...told } = checkpoint;
  // Node's crc32 of no bytes at all is 0, whatever it is to go on from.
  const tensors = [...weights, ...moments, ...bestWeights].filter(({ length }) => length > 0);
  const lengths = Object.fromEntries(lists.map((list) => [list, checkpoint[list].map(({ length }) => length)]));
  const json = Buffer.from(`${JSON.stringify({ ...told, ...lengths })}\n`);
  const head = Buffer.concat([FIRST_LINE, json, Buffer.alloc(paddingAfter(FIRST_LINE.length + json.length))]);
  const parts = [
    head,
    ...tensors.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  ];
  const crc = Buffer.alloc(CRC_BYTES);
  crc.writeUInt32LE(parts.reduce((sum, part) => crc32(part, sum), 0));
  await writeFileAtomic(join(folder, CHECKPOINT_FILE), [...parts, crc]);
}

/**
 * Reads back what {@link writeCheckpoint} wrote.
 *
 * @throws MillraceError `MILLRACE_BAD_RUN` when there is none, or it is damaged or of another version
 */
export async function readCheckpoint<T extends Checkpoint>(folder: string): Promise<T> {
  const origin = { source: join(folder, CHECKPOINT_FILE) };
  const bytes = await readFile(origin.source).catch((cause) => {
    throw new MillraceError('MILLRACE_BAD_RUN', 'There is no checkpoint to go on from', {
      origin,
      hint: 'A training leaves one in its RUN from its first step on; train again with --out if this one never got there',
      cause,
    });
  });
  const damaged = (expected: string, found?: unknown) =>
    new MillraceError('MILLRACE_BAD_RUN', 'The checkpoint cannot be used', { origin, expected, found });
  if (!bytes.subarray(0, FIRST_LINE.length).equals(FIRST_LINE)) {
    const found = bytes.toString('latin1', 0, FIRST_LINE.length);
    throw damaged(`a file that begins with ${JSON.stringify(FIRST_LINE.toString())}`, found);
  }
  const end = bytes.length - CRC_BYTES;
  if (end < FIRST_LINE.length || crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) {
    throw damaged('a whole file: its checksum is not that of its contents');
  }
  const jsonEnd = bytes.indexOf(NEWLINE, FIRST_LINE.length) + 1;
  const header = JSON.parse(bytes.toString('utf8', FIRST_LINE.length, jsonEnd)) as Header<T>;
  let at = jsonEnd + paddingAfter(jsonEnd);
  const take = (length: number) => {
    // A copy of its own: a small file sits in a buffer that Node shares, at any offset.
    const values = new Float32Array(new Uint8Array(bytes.subarray(at, at + length * FLOAT_BYTES)).buffer);
    at += length * FLOAT_BYTES;
    return values;
  };
  const tensors = Object.fromEntries(lists.map((list) => [list, header[list].map(take)]));
  return { ...header, ...tensors } as unknown as T;
}

function paddingAfter(length: number): number {
  return -length & (FLOAT_BYTES - 1);
}
