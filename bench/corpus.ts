/**
 * A corpus of any size in SNLI's format, zipped as the real one is, made once and kept. Its rows are of SNLI's size
 * (some 900 bytes), three to a caption, 0.14% of them without a gold label and 0.7% with an escape.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw } from 'node:zlib';
import { Random } from '../pipeline/random.ts';
import { LABELS } from '../stages/records.ts';
import { caption, quoted, statement, type WrittenSentence } from './sentences.ts';

/** An entry of an archive, which is what the benchmarks read. */
export interface Corpus {
  readonly archive: string;
  readonly entry: string;
}

export const defaultFolder = join(tmpdir(), 'millrace-bench');

const ENTRY = 'snli_1.0/snli_1.0_train.jsonl';
const SEED = 550152;
/** Told in the name of the file, so that a corpus of an older grammar is not taken for one of this. */
const GRAMMAR = 1;

/** The corpus of so many rows; made if it is not in the folder yet. */
export async function corpusOf(rows: number, folder = defaultFolder): Promise<Corpus> {
  const archive = join(folder, `snli-like-${GRAMMAR}-${rows}.zip`);
  if (!existsSync(archive)) {
    console.error(`making ${archive}`);
    await mkdir(folder, { recursive: true });
    const unfinished = `${archive}.${process.pid}`;
    await writeZip(unfinished, ENTRY, corpusLines(rows, SEED));
    await rename(unfinished, archive);
    console.error(`made ${((await stat(archive)).size / 1e6).toFixed(1)} MB`);
  }
  return { archive, entry: ENTRY };
}

const ROWS_A_PIECE = 512;

/** The lines of a corpus, some hundreds at a time. The same seed gives the same bytes. */
export function* corpusLines(rows: number, seed: number): Generator<Buffer> {
  const random = new Random(seed);
  let premise = caption(random);
  let lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    const nth = row % LABELS.length;
    if (nth === 0) premise = caption(random);
    lines.push(line(row, premise, random));
    if (lines.length < ROWS_A_PIECE && row + 1 < rows) continue;
    yield Buffer.from(`${lines.join('\n')}\n`);
    lines = [];
  }
}

function line(row: number, premise: WrittenSentence, random: Random): string {
  const label = LABELS[row % LABELS.length] as string;
  const gold = random.uniform() < 0.0014 ? '-' : label;
  const hypothesis = random.uniform() < 0.007 ? quoted(statement(random)) : statement(random);
  const image = `${1_000_000_000 + Math.floor(row / LABELS.length) * 3571}.jpg#${row % 5}`;
  const fields = {
    annotator_labels: [label],
    captionID: image,
    gold_label: gold,
    pairID: `${image}r1${label[0]}`,
    sentence1: premise.text,
    sentence1_binary_parse: premise.binaryParse,
    sentence1_parse: premise.parse,
    sentence2: hypothesis.text,
    sentence2_binary_parse: hypothesis.binaryParse,
    sentence2_parse: hypothesis.parse,
  };
  // With a space after each colon and comma, as in the original.
  return `{${Object.entries(fields)
    .map(([name, value]) => `"${name}": ${JSON.stringify(value)}`)
    .join(', ')}}`;
}

/** A zip with one deflated entry, written as it comes. Below 4 GB, which a zip without zip64's records can tell of. */
async function writeZip(path: string, name: string, pieces: Iterable<Buffer>): Promise<void> {
  const handle = await open(path, 'w');
  try {
    const header = 30 + Buffer.byteLength(name);
    let [crc, size, compressed] = [0, 0, 0];
    const counted = function* () {
      for (const piece of pieces) {
        crc = crc32(piece, crc);
        size += piece.length;
        yield piece;
      }
    };
    await pipeline(Readable.from(counted()), createDeflateRaw({ chunkSize: 1 << 20 }), async (deflated) => {
      for await (const chunk of deflated as AsyncIterable<Buffer>) {
        await handle.write(chunk, 0, chunk.length, header + compressed);
        compressed += chunk.length;
      }
    });
    const local = Buffer.concat([zipFields(0x04034b50, [20], crc, compressed, size, name, []), Buffer.from(name)]);
    const central = Buffer.concat([
      // Version made by, version needed; comment, disk, attributes (5 fields of 16 bits, two of them one of 32), offset.
      zipFields(0x02014b50, [20, 20], crc, compressed, size, name, [0, 0, 0, 0, 0, 0, 0]),
      Buffer.from(name),
    ]);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(1, 8);
    end.writeUInt16LE(1, 10);
    end.writeUInt32LE(central.length, 12);
    end.writeUInt32LE(header + compressed, 16);
    await handle.write(local, 0, local.length, 0);
    await handle.write(Buffer.concat([central, end]), 0, central.length + end.length, header + compressed);
  } finally {
    await handle.close();
  }
}

/** What the local header and the central directory's record of an entry have in common, between what they have not. */
function zipFields(
  signature: number,
  versions: readonly number[],
  crc: number,
  compressed: number,
  size: number,
  name: string,
  rest: readonly number[],
): Buffer {
  const DEFLATED = 8;
  const MIDNIGHT_1980 = 0x0021_0000;
  const fields = Buffer.alloc(4 + 2 * versions.length + 24 + 2 * rest.length);
  let at = fields.writeUInt32LE(signature, 0);
  for (const version of versions) at = fields.writeUInt16LE(version, at);
  at = fields.writeUInt16LE(0, at);
  at = fields.writeUInt16LE(DEFLATED, at);
  for (const value of [MIDNIGHT_1980, crc, compressed, size]) at = fields.writeUInt32LE(value, at);
  at = fields.writeUInt16LE(Buffer.byteLength(name), at);
  at = fields.writeUInt16LE(0, at);
  for (const value of rest) at = fields.writeUInt16LE(value, at);
  return fields;
}
