/** The floor of all passes over an archive: zlib, the file, and nothing else. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInflateRaw } from 'node:zlib';
import { listEntries } from '../../stages/unzip.ts';
import { measure, passOptions } from './pass.ts';

export interface InflateOptions {
  readonly archive: string;
  readonly entry: string;
  /** Stop when so many bytes have been inflated; if there is none, at the end. */
  readonly bytes?: number;
  /** Find where the lines end, too. */
  readonly lines?: boolean;
}

const NEWLINE = 10;

const { archive, entry: name, bytes = Number.POSITIVE_INFINITY, lines = false } = passOptions<InflateOptions>();
const entry = (await listEntries(archive)).find((each) => each.name === name);
if (!entry) throw new Error(`${archive} has no entry ${name}`);
const handle = await open(archive);
const header = Buffer.alloc(30);
await handle.read(header, 0, header.length, entry.offset);
await handle.close();
const start = entry.offset + header.length + header.readUInt16LE(26) + header.readUInt16LE(28);

await measure(async () => {
  const file = createReadStream(archive, { start, end: start + entry.compressedSize - 1, highWaterMark: 1 << 20 });
  let inflated = 0;
  let ends = 0;
  for await (const chunk of file.pipe(createInflateRaw({ chunkSize: 1 << 20 })) as AsyncIterable<Buffer>) {
    inflated += chunk.length;
    if (lines) for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) ends++;
    if (inflated >= bytes) break;
  }
  file.destroy();
  return { bytes: inflated, ...(lines && { lines: ends }) };
});
