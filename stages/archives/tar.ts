/**
 * Tar archives, read from front to back as they come. The header blocks are taken apart here: the packages that do it
 * hand out a sparse file's map, or what else they do not know, as if it were the file.
 */
import { MillraceError } from '../../pipeline/errors.ts';
import { type ReadOptions, toBlocks } from '../bytes.ts';
import { type Limits, overLimit } from '../limits.ts';
import type { Block } from '../records.ts';
import { ByteReader } from './byte-reader.ts';
import { checkName, choose, noChoice, noFiles, noSuchEntry } from './names.ts';
import { unlessPacked } from './peekable.ts';
import { badTar, parsePax, parseTarHeader, TAR_BLOCK, type TarHeader, text } from './tar-header.ts';

/**
 * The files of a tar that a pattern means, one after the other in the archive's order: one of that very name, all that
 * the glob matches, or without a pattern the only one. Folders, links and devices are no files. That there is no such
 * file, or more than the only one, shows on the way; the archive is read to its end in any case, where it must have its
 * end mark and nothing behind that but zeros.
 *
 * @param chunks whoever opened it closes it
 * @throws MillraceError `MILLRACE_BAD_ARCHIVE` when it is damaged, cut off, or of a kind that is not known here;
 * `MILLRACE_NOT_FOUND`, `MILLRACE_USAGE` and `MILLRACE_LIMIT` as for all archives
 */
export async function* readTar(
  chunks: AsyncIterator<Uint8Array>,
  pattern: string | undefined,
  source: string,
  { signal, limits }: ReadOptions & { readonly limits: Limits },
): AsyncGenerator<Block, void> {
  const origin = { source };
  const choice = await choose(pattern);
  const reader = new ByteReader(chunks, signal);
  const names: string[] = [];
  let found = 0;
  for (let entries = 1; ; entries++) {
    const header = await nextHeader(reader, source);
    if (!header) break;
    if (entries > limits.entries) throw overLimit('entries', limits.entries, origin, 'more');
    const { name, size } = header;
    const data = reader.pieces(size);
    if (isFile(header)) names.push(name);
    if (pattern === undefined && names.length > 1) throw await noChoice(origin, names, 'more than one file');
    if (isFile(header) ? choice.matches(name) : choice.isExact(name)) {
      checkReadable(header, source);
      if (size > limits.entryBytes)
        throw overLimit('entryBytes', limits.entryBytes, { source, entry: name }, `${size}`);
      found++;
      const entry = { source, entry: name };
      yield* toBlocks(unlessPacked(whole(data, header, source), entry), entry);
    } else {
      for await (const _ of whole(data, header, source));
    }
    const padding = -size & (TAR_BLOCK - 1);
    if ((await reader.take(padding)).length < padding) throw badTar(origin, `"${name}" is cut off`);
  }
  for await (const piece of reader.pieces(Number.POSITIVE_INFINITY)) {
    if (piece.some((byte) => byte !== 0)) throw badTar(origin, 'Something follows its end');
  }
  if (found > 0) return;
  throw names.length === 0 || pattern === undefined ? noFiles(origin) : await noSuchEntry(origin, names, pattern);
}

interface Entry extends TarHeader {
  /** The file has holes, and its data begins with a map of them. */
  readonly sparse: boolean;
}

/** The longest name, or set of attributes, that is taken into memory: a MiB. */
const LONGEST_META = 2 ** 20;

/** The header of the next entry, with what the headers before it say of it; nothing at the end mark. */
async function nextHeader(reader: ByteReader, source: string): Promise<Entry | undefined> {
  const origin = { source };
  let attributes = new Map<string, string>();
  let longName: string | undefined;
  let longLink: string | undefined;
  for (;;) {
    const block = await reader.take(TAR_BLOCK);
    if (block.length < TAR_BLOCK) throw badTar(origin, 'It has no end mark');
    if (block.every((byte) => byte === 0)) return undefined;
    const header = parseTarHeader(block, origin);
    if (!'xgLK'.includes(header.type)) {
      const size = attributes.get('size') ?? header.size;
      if (!Number.isSafeInteger(Number(size))) throw badTar(origin, 'A pax header is damaged');
      return {
        // "./a" is what an archive of the folder "." has for "a".
        name: (attributes.get('path') ?? longName ?? header.name).replace(/^(\.\/+)+/, ''),
        link: attributes.get('linkpath') ?? longLink ?? header.link,
        type: header.type,
        // Links, devices, folders and pipes have no data, whatever their headers say.
        size: /[1-6]/.test(header.type) ? 0 : Number(size),
        sparse: header.type === 'S' || [...attributes.keys()].some((key) => key.startsWith('GNU.sparse.')),
      };
    }
    if (header.size > LONGEST_META) throw badTar(origin, 'A name is longer than a mebibyte');
    const padded = Math.ceil(header.size / TAR_BLOCK) * TAR_BLOCK;
    const data = await reader.take(padded);
    if (data.length < padded) throw badTar(origin, 'A header is cut off');
    if (header.type === 'L') longName = text(data, 0, header.size);
    else if (header.type === 'K') longLink = text(data, 0, header.size);
    // What is said of all entries ("g") is dates and comments, and a path or size for all would make no sense.
    else if (header.type === 'x') attributes = parsePax(data.subarray(0, header.size), origin);
  }
}

/** What is neither a folder, link, device or pipe, nor something of the archive's own (a label, a list of names). */
function isFile({ type, name }: Entry): boolean {
  return !/[1-6DV]/.test(type) && !name.endsWith('/');
}

function checkReadable({ name, type, link, sparse }: Entry, source: string): void {
  checkName(name, source);
  if (/[07]/.test(type) && !sparse) return;
  const isLink = type === '1' || type === '2';
  throw new MillraceError('MILLRACE_BAD_ARCHIVE', 'The entry is no plain file', {
    origin: { source, entry: name },
    found: isLink ? `a link to ${link}` : sparse ? 'a file with holes' : `type "${type}"`,
    hint: isLink ? 'Ask for what it leads to.' : 'Unpack it first.',
  });
}

async function* whole(data: AsyncIterable<Uint8Array>, { name, size }: Entry, source: string) {
  let length = 0;
  for await (const piece of data) {
    length += piece.length;
    yield piece;
  }
  if (length < size) throw badTar({ source, entry: name }, `${length} of ${size} bytes are there`);
}
