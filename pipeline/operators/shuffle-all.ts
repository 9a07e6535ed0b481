import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FrameReader, FrameWriter } from '../cache/frame-file.ts';
import { pack, unpack } from '../cache/packed-chunk.ts';
import { CHUNK_LENGTH, type Chunk } from '../chunk.ts';
import { gatherRows } from '../gather.ts';
import { Random } from '../random.ts';
import type { StageSpec } from '../spec.ts';
import type { Json } from '../state.ts';

/** Files that the records are dealt out to; one of them at a time is in memory. */
const FILES = 32;

/**
 * All records in random order, every order as likely as the others, however many there are: each record draws a number,
 * and they are sorted by it. Not in memory: they are dealt out by their numbers to 32 temporary files, which are then
 * sorted one by one. Nothing comes out before all has come in. The same seed gives the same order.
 *
 * @param seed give another one each epoch for another order
 * @throws MillraceError MILLRACE_SHAPE for records that cannot be written to a file and read back as they are
 */
export function shuffleAll<T>(seed: number): StageSpec<T, T> {
  return {
    name: 'shuffleAll',
    options: { seed },
    async *stream(source) {
      const folder = await mkdtemp(join(tmpdir(), `millrace-shuffle-${process.pid}-`));
      try {
        const paths = await dealOut(source, new Random(seed), folder);
        for (const path of paths) yield* sorted<T>(path);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Writes the records to files, each with its number; those of a file are below those of the next. */
async function dealOut<T>(source: AsyncIterable<Chunk<T>>, random: Random, folder: string): Promise<string[]> {
  const paths = Array.from({ length: FILES }, (_, file) => join(folder, `${file}`));
  // Of few records not every file gets some.
  const writers = new Map<string, FrameWriter>();
  try {
    for await (const chunk of source) {
      const hands = paths.map(() => ({ rows: [] as number[], numbers: [] as number[] }));
      for (let row = 0; row < chunk.length; row++) {
        const number = draw(random);
        const hand = hands[Math.floor(number * FILES)] as (typeof hands)[number];
        hand.rows.push(row);
        hand.numbers.push(number);
      }
      for (const [file, { rows, numbers }] of hands.entries()) {
        if (rows.length === 0) continue;
        const { meta, parts } = pack(chunk.take(rows));
        const bytes = new Uint8Array(Float64Array.from(numbers).buffer);
        const path = paths[file] as string;
        const writer = writers.get(path) ?? (await FrameWriter.create(path, `${path}.unfinished`, null));
        writers.set(path, writer);
        await writer.write({ rows: rows.length, meta, parts: [...parts, bytes] });
      }
    }
    for (const writer of writers.values()) await writer.finish(null, { lasting: false });
    return paths.filter((path) => writers.has(path));
  } finally {
    for (const writer of writers.values()) await writer.discard();
  }
}

/** The records of a file by their numbers; should two be equal, the one that came first. */
async function* sorted<T>(path: string): AsyncGenerator<Chunk<T>, void> {
  const places: { readonly number: number; readonly chunk: Chunk<T>; readonly row: number }[] = [];
  const file = await FrameReader.open(path);
  try {
    for await (const { rows, meta, parts } of file.frames()) {
      const chunk = unpack({ rows, meta: meta as Json, parts: parts.slice(0, -1) }) as Chunk<T>;
      const { buffer, byteOffset } = parts.at(-1) as Uint8Array;
      const numbers = new Float64Array(buffer, byteOffset, rows);
      for (let row = 0; row < rows; row++) places.push({ number: numbers[row] as number, chunk, row });
    }
  } finally {
    await file.close();
  }
  // Sorting is stable, so records with equal numbers keep the order in which they came.
  places.sort((a, b) => a.number - b.number);
  for (let start = 0; start < places.length; start += CHUNK_LENGTH) {
    const next = places.slice(start, start + CHUNK_LENGTH);
    yield gatherRows(
      next.map(({ chunk }) => chunk),
      next.map(({ row }) => row),
    );
  }
}

/** A number in [0, 1) with 53 random bits, so that hardly any two are equal. */
function draw(random: Random): number {
  return (random.next() * 0x200000 + (random.next() >>> 11)) / 2 ** 53;
}
