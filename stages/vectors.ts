import { decodeUtf8 } from '../pipeline/columns.ts';
import { type Chunk, ColumnChunk, MillraceError, Pipeline, Utf8Column } from '../pipeline/index.ts';
import { parseDecimal } from './decimal.ts';
import { lines } from './lines.ts';
import type { Block, Line } from './records.ts';

/** A word and its vector. */
export interface WordVector {
  readonly word: string;
  readonly vector: Float32Array;
}

const SPACE = 0x20;

/**
 * Some rows of a text of vectors, as they lie in its bytes: each word is a range, and its numbers stay text until they
 * are asked for. So whoever wants few of the words makes no string of the others and parses none of their numbers.
 */
export class VectorRows {
  readonly bytes: Uint8Array;
  /** Where the word of each row is in `bytes`. */
  readonly wordStarts: Int32Array;
  readonly wordEnds: Int32Array;
  /** How many numbers a vector has. */
  readonly dimension: number;
  readonly #ends: Int32Array;
  readonly #lines: Chunk<Line>;

  /** @param rows those of `lines` that are rows; each is as long as `ends` says, trailing spaces not counted */
  constructor(text: Utf8Column, lines: Chunk<Line>, ends: Int32Array, dimension: number) {
    this.bytes = text.data;
    this.dimension = dimension;
    this.wordStarts = text.starts;
    this.#ends = ends;
    this.#lines = lines;
    this.wordEnds = ends.map((end, row) => wordEnd(text.data, text.starts[row] as number, end, dimension));
  }

  get length(): number {
    return this.wordStarts.length;
  }

  word(row: number): string {
    return decodeUtf8(this.bytes, this.wordStarts[row] as number, this.wordEnds[row] as number);
  }

  /**
   * Puts the numbers of a row into `vector`, which has {@link VectorRows.dimension} of them.
   *
   * @throws MillraceError MILLRACE_BAD_RECORD for a row that has another number of values than the first, or a value
   * that is no number
   */
  read(row: number, vector: Float32Array): Float32Array {
    const end = this.#ends[row] as number;
    let last = this.wordEnds[row] as number;
    for (let i = 0; i < this.dimension; i++) {
      const start = last + 1;
      last = fieldEnd(this.bytes, start, end);
      const value = start < end ? parseDecimal(this.bytes, start, last) : Number.NaN;
      if (Number.isNaN(value)) throw this.#badRow(row);
      vector[i] = value;
    }
    if (last !== end) throw this.#badRow(row);
    return vector;
  }

  #badRow(row: number): MillraceError {
    const { origin } = this.#lines.get(row);
    return new MillraceError('MILLRACE_BAD_RECORD', 'The row is no vector', {
      origin,
      expected: `a word and ${this.dimension} numbers, as in the first row`,
      found: decodeUtf8(this.bytes, this.wordStarts[row] as number, this.#ends[row] as number),
    });
  }
}

/**
 * Reads text vectors (GloVe's `word v1 v2 ...`; word2vec's header line is passed over), in the order of the file. Only
 * one block of the file is in memory at a time.
 */
export async function* scanVectors(blocks: AsyncIterable<Block>): AsyncGenerator<VectorRows> {
  let dimension = 0;
  for await (const chunk of Pipeline.from(blocks).pipe(lines).chunks()) {
    const { data, starts, ends } = textOf(chunk);
    const rows: number[] = [];
    const rowEnds: number[] = [];
    for (let row = 0; row < chunk.length; row++) {
      const start = starts[row] as number;
      const end = trimEnd(data, start, ends[row] as number);
      if (start === end) continue;
      if (dimension === 0) {
        const fields = decodeUtf8(data, start, end).split(' ').length;
        // "400000 100": how word2vec and fastText begin.
        if (fields === 2) continue;
        dimension = fields - 1;
      }
      rows.push(row);
      rowEnds.push(end);
    }
    const kept = rows.length === chunk.length ? chunk : chunk.take(rows);
    if (rows.length > 0) yield new VectorRows(textOf(kept), kept, Int32Array.from(rowEnds), dimension);
  }
}

/**
 * The rows of a text of vectors whose word `wanted` wants, all by default. The numbers of the others are never parsed.
 *
 * @throws MillraceError MILLRACE_BAD_RECORD for a wanted row that is no vector
 */
export async function* readVectors(
  blocks: AsyncIterable<Block>,
  wanted: (word: string, index: number) => boolean = () => true,
): AsyncGenerator<WordVector> {
  let index = 0;
  for await (const rows of scanVectors(blocks)) {
    for (let row = 0; row < rows.length; row++) {
      const word = rows.word(row);
      if (wanted(word, index++)) yield { word, vector: rows.read(row, new Float32Array(rows.dimension)) };
    }
  }
}

function textOf(chunk: Chunk<Line>): Utf8Column {
  const column = chunk instanceof ColumnChunk ? chunk.columns.text : undefined;
  return column instanceof Utf8Column ? column : Utf8Column.from(Array.from(chunk, (line) => line.text));
}

/**
 * Where the word of a row ends. A word may itself hold spaces (`. . .` in GloVe 840B): the values are the last ones, the
 * word is what they leave. But where a number follows the first part, the word ends there.
 */
function wordEnd(bytes: Uint8Array, start: number, end: number, dimension: number): number {
  const first = fieldEnd(bytes, start, end);
  if (!Number.isNaN(parseDecimal(bytes, first + 1, fieldEnd(bytes, first + 1, end)))) return first;
  let at = end;
  for (let values = 0; values < dimension; values++) {
    at = bytes.lastIndexOf(SPACE, at - 1);
    if (at <= start) return first;
  }
  return at;
}

function fieldEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SPACE) at++;
  return at;
}

function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  while (end > start && bytes[end - 1] === SPACE) end--;
  return end;
}
