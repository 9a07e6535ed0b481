/** Files as people have them on a bad day, and some good ones to make mistakes with. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';

const row = (fields: object) =>
  `${JSON.stringify({ gold_label: 'neutral', sentence1: 'It rains.', sentence2: 'It pours.', pairID: 'p', ...fields })}\n`;
const good = row({});

export async function badFiles(folder: string): Promise<void> {
  const zip = (files: Record<string, string>) =>
    zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])));
  const archive = zip({ 'dev.jsonl': good.repeat(40), 'train.jsonl': good });
  const files: Record<string, string | Uint8Array> = {
    'pairs.jsonl': good + row({ gold_label: 'entailment', pairID: 'q' }),
    'bad-label.jsonl': good + row({ gold_label: 'maybe' }),
    'bad-json.jsonl': `${good}{"gold_label": "neutral", "sentence1": "It ra\n`,
    'no-sentence.jsonl': row({ sentence2: undefined }),
    'unlabelled.jsonl': '{"premise": "It rains.", "hypothesis": "It pours."}\n',
    'notes.txt': 'It rains.\nIt pours.\n',
    'utf16.txt': Buffer.from('\ufeffIt rains.\n', 'utf16le'),
    'sick.txt': '1\tIt rains.\tIt pours.\t7\tNEUTRAL\n',
    'open.csv': 'premise,hypothesis,label\n"It rains.,It pours.,neutral\n',
    'table.csv': 'one,two,label\nIt rains.,It pours.,neutral\n',
    'latin1.txt': Buffer.from('Il pleut d\u00e9j\u00e0.\n', 'latin1'),
    'two.zip': archive,
    'cut.zip': archive.subarray(0, archive.length - 30),
    'damaged.zip': archive.map((byte, at) => (at === 60 ? byte ^ 0xff : byte)),
    'encrypted.zip': withFlag(zip({ 'dev.jsonl': good }), 1),
    'outside.zip': zip({ '../dev.jsonl': good }),
    'page.zip': '<!doctype html>\n<title>404 Not Found</title>\n',
    'cut.gz': gzipSync(good.repeat(40)).subarray(0, 60),
    'notes.bz2': Buffer.from('BZh91AY&SY\0\0\0\0'),
    'vocab.json': '{"words": [',
    'vectors.txt': 'rains 0.1 0.2 0.3\npours 0.1 0.2\n',
    'weights.safetensors': 'nothing of the kind',
  };
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder, name), content)));
  for (const name of ['folder', 'empty-run']) await mkdir(join(folder, name));
}

/** Sets a general-purpose flag of the only entry, in its local header and in the central directory. */
function withFlag(archive: Uint8Array, flag: number): Uint8Array {
  const bytes = Buffer.from(archive);
  bytes[6]! |= flag;
  bytes[bytes.indexOf('PK\x01\x02') + 8]! |= flag;
  return bytes;
}
