import { decodeUtf8 } from '../pipeline/columns.ts';
import { type Chunk, ColumnChunk, MillraceError, Pipeline, Utf8Column } from '../pipeline/index.ts';
import { parseDecimal } from './decimal.ts';
import { sharedKernels, WORD } from './kernels/kernels.ts';
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
  /** The word of each row. */
  readonly words: Utf8Column;
  /** How many numbers a vector has. */
  readonly dimension: number;
  readonly #ends: Int32Array;
  readonly #lines: Chunk<Line>;

  /** @param rows those of `lines` that are rows; each is as long as `ends` says, trailing spaces not counted */
  constructor(words: Utf8Column, lines: Chunk<Line>, ends: Int32Array, dimension: number) {
    this.words = words;
    this.dimension = dimension;
    this.#ends = ends;
    this.#lines = lines;
  }

  get length(): number {
    return this.words.length;
  }

  word(row: number): string {
    return this.words.get(row) as string;
  }

  /** The row as it stands in its file. */
  line(row: number): Line {
    return this.#lines.get(row);
  }

  /**
   * The numbers of some rows, one row after the other: `[rows, dimension]`.
   *
   * @throws MillraceError MILLRACE_BAD_RECORD for a row that has another number of values than the first of the text, or
   * a value that is no number
   */
  read(rows: ArrayLike<number>): Float32Array {
    const { dimension } = this;
    // The numbers begin behind the word.
    const texts = new Utf8Column(this.words.data, this.words.ends, this.#ends).take(rows) as Utf8Column;
    const kernels = sharedKernels();
    const { base, starts, ends } = kernels.place(texts);
    const values = kernels.reserve(texts.length * dimension * WORD);
    const vectors = new Float32Array(texts.length * dimension);
    for (let done = 0; done < texts.length; done++) {
      const [start, end] = [starts + done * WORD, ends + done * WORD];
      const understood = kernels.run.readVectors(base, start, end, texts.length - done, dimension, values);
      const found = new Float32Array(kernels.run.memory.buffer, values, understood * dimension);
      vectors.set(found, done * dimension);
      done += understood;
      // The row that the kernel stopped at is odd, or no row at all.
      if (done < texts.length) this.#readOdd(rows[done] as number, vectors, done * dimension);
    }
    return vectors;
  }

  #readOdd(row: number, vectors: Float32Array, at: number): void {
    const { data, ends: wordEnds } = this.words;
    const end = this.#ends[row] as number;
    let last = wordEnds[row] as number;
    for (let i = 0; i < this.dimension; i++) {
      const start = last + 1;
      last = fieldEnd(data, start, end);
      const value = start < end ? parseDecimal(data, start, last) : Number.NaN;
      if (Number.isNaN(value)) throw this.#badRow(row);
      vectors[at + i] = value;
    }
    if (last !== end) throw this.#badRow(row);
  }

  #badRow(row: number): MillraceError {
    const { origin } = this.line(row);
    return new MillraceError('MILLRACE_BAD_RECORD', 'The row is no vector', {
      origin,
      expected: `a word and ${this.dimension} numbers, as in the first row`,
      found: decodeUtf8(this.words.data, this.words.starts[row] as number, this.#ends[row] as number),
    });
  }
}

/**
 * Reads text vectors (GloVe's `word v1 v2 ...`; word2vec's header line is passed over), in the order of the file. Only
 * one block of the file is in memory at a time: rows are to be read before the next are asked for.
 */
export async function* scanVectors(blocks: AsyncIterable<Block>): AsyncGenerator<VectorRows> {
  let dimension = 0;
  for await (const chunk of Pipeline.from(blocks).pipe(lines).chunks(undefined, { consumes: true })) {
    const text = textOf(chunk);
    const { data, starts } = text;
    const { ends, wordEnds } = findWords(text);
    const kept = new Int32Array(chunk.length);
    let count = 0;
    for (let row = 0; row < chunk.length; row++) {
      const start = starts[row] as number;
      const end = ends[row] as number;
      if (start === end) continue;
      if (dimension === 0) {
        const fields = decodeUtf8(data, start, end).split(' ').length;
        // "400000 100": how word2vec and fastText begin.
        if (fields === 2) continue;
        dimension = fields - 1;
      }
      if ((wordEnds[row] as number) < 0) wordEnds[row] = wordEnd(data, start, end, dimension);
      kept[count++] = row;
    }
    if (count === 0) continue;
    const rows = kept.subarray(0, count);
    const words = new Utf8Column(data, starts, wordEnds).take(rows) as Utf8Column;
    yield new VectorRows(words, count === chunk.length ? chunk : chunk.take(rows), pick(ends, rows), dimension);
  }
}

/** Where rows end, spaces behind them not counted, and where their words do: -1 if that takes more to find. */
function findWords(text: Utf8Column) {
  const kernels = sharedKernels();
  const { length } = text;
  const { base, starts, ends } = kernels.place(text);
  const wordEnds = kernels.reserve(length * WORD);
  kernels.run.findWords(base, starts, ends, length, wordEnds);
  return { ends: kernels.copyOf(ends, length), wordEnds: kernels.copyOf(wordEnds, length) };
}

function pick(values: Int32Array, rows: Int32Array): Int32Array {
  return rows.map((row) => values[row] as number);
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
      if (wanted(word, index++)) yield { word, vector: rows.read([row]) };
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
