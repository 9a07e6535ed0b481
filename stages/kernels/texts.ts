import { Utf8Column } from '../../pipeline/columns.ts';
import { BEYOND, type Kernels, sharedKernels, WORD } from './kernels.ts';

/** How many bytes {@link placeWords} takes. */
export function roomForWords(words: readonly string[]): number {
  return WORD + words.reduce((sum, word) => sum + 2 * WORD + Buffer.byteLength(word), 0);
}

/**
 * Writes a table of words as kernels read it: for each its address and its length.
 *
 * @param room where there is room for it
 * @returns where it begins
 */
export function placeWords(kernels: Kernels, words: readonly string[], room: number): number {
  const table = Math.ceil(room / WORD) * WORD;
  let at = table + 2 * words.length * WORD;
  words.forEach((word, index) => {
    const bytes = Buffer.from(word);
    kernels.integers(table + 2 * index * WORD, 2).set([at, bytes.length]);
    kernels.memory.set(bytes, at);
    at += bytes.length;
  });
  return table;
}

/** For each text the index of the word that it is, or how many words there are; at most 255. */
export function matchWords(texts: Utf8Column, words: readonly string[]): Uint8Array {
  const kernels = sharedKernels();
  const { length } = texts;
  const { base, starts, ends } = kernels.place(texts);
  const codes = kernels.reserve(length + roomForWords(words));
  const table = placeWords(kernels, words, codes + length);
  kernels.run.matchWords(base, starts, ends, length, table, words.length, codes);
  return kernels.memory.slice(codes, codes + length);
}

/**
 * 1 for each text that is missing or in which no byte certainly shows; none at all if there is no such text. Past ASCII
 * there is white space too: rare enough to be looked at by whoever asks.
 */
export function findBlanks(texts: Utf8Column): Uint8Array | undefined {
  const kernels = sharedKernels();
  const { length } = texts;
  const { base, starts, ends } = kernels.place(texts);
  const blank = kernels.reserve(length);
  const count = kernels.run.findBlanks(base, starts, ends, length, blank);
  return count > 0 ? kernels.memory.slice(blank, blank + length) : undefined;
}

/**
 * The same texts in memory of their own, so that the block which they were read in can be given up.
 *
 * @param more bytes that the memory has behind them
 */
export function copyTexts(texts: Utf8Column, more = 0): Utf8Column {
  const kernels = sharedKernels();
  const { length } = texts;
  const { base, starts, ends, bytes } = kernels.place(texts);
  const offsets = kernels.reserve((length + 1) * WORD + bytes + BEYOND + more);
  const copies = offsets + (length + 1) * WORD;
  kernels.run.copyTexts(base, starts, ends, length, copies, offsets);
  const data = kernels.memory.slice(copies, copies + bytes + more);
  const found = kernels.copyOf(offsets, length + 1);
  if (!texts.starts.includes(-1)) return new Utf8Column(data, found.subarray(0, -1), found.subarray(1));
  const missing = (offset: number, text: number) => ((texts.starts[text] as number) < 0 ? -1 : offset);
  return new Utf8Column(data, found.subarray(0, -1).map(missing), found.subarray(1).map(missing));
}

/** The texts in lower case. */
export function lowercaseTexts(texts: Utf8Column): Utf8Column {
  const kernels = sharedKernels();
  const { length } = texts;
  const { base, starts, ends, bytes } = kernels.place(texts);
  const offsets = kernels.reserve((length + 1) * WORD + bytes + BEYOND);
  const lowered = offsets + (length + 1) * WORD;
  if (!kernels.run.lowercase(base, starts, ends, length, lowered, offsets)) {
    // Of letters past ASCII the lower case may be longer, and what it is may hang on those around.
    return Utf8Column.from(Array.from(texts.starts, (_, row) => texts.get(row)?.toLowerCase()));
  }
  const found = kernels.copyOf(offsets, length + 1);
  return new Utf8Column(kernels.memory.slice(lowered, lowered + bytes), found.subarray(0, -1), found.subarray(1));
}
