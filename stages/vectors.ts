import { type Chunk, ColumnChunk, MillraceError, type Origin, Pipeline, Utf8Column } from '../pipeline/index.ts';
import { lines } from './lines.ts';
import type { Block, Line } from './records.ts';

/** A word and its vector. */
export interface WordVector {
  readonly word: string;
  readonly vector: Float32Array;
}

const SPACE = 0x20;

/**
 * Reads text vectors (GloVe's `word v1 v2 ...`; word2vec's header line is passed over) and gives those whose word
 * `wanted` wants, in the order of the file. The numbers of other rows are never parsed, and only one block of the file
 * is in memory at a time.
 *
 * @throws MillraceError MILLRACE_BAD_RECORD for a row that has another number of values than the first, or a value that
 * is no number
 */
export async function* readVectors(
  blocks: AsyncIterable<Block>,
  wanted: (word: string, index: number) => boolean = () => true,
): AsyncGenerator<WordVector> {
  let dimension = 0;
  let index = 0;
  for await (const chunk of Pipeline.from(blocks).pipe(lines).chunks()) {
    const { data, starts, ends } = textOf(chunk);
    for (let row = 0; row < chunk.length; row++) {
      const start = starts[row] as number;
      const end = trimEnd(data, start, ends[row] as number);
      if (start >= end) continue;
      if (dimension === 0) {
        const fields = data.toString('latin1', start, end).split(' ').length;
        // "400000 100": how word2vec and fastText begin.
        if (fields === 2) continue;
        dimension = fields - 1;
      }
      const wordEnd = fieldEnd(data, start, end);
      const word = data.toString('utf8', start, wordEnd);
      const isWanted = wanted(word, index);
      if (isWanted || !isNumber(data.toString('latin1', wordEnd + 1, fieldEnd(data, wordEnd + 1, end)))) {
        const vector = parseRow(data, start, end, dimension, chunk.get(row).origin);
        if (vector.word === word ? isWanted : wanted(vector.word, index)) yield vector;
      }
      index++;
    }
  }
}

function textOf(chunk: Chunk<Line>): { data: Buffer; starts: Int32Array; ends: Int32Array } {
  const column = chunk instanceof ColumnChunk ? chunk.columns.text : undefined;
  const { data, starts, ends } =
    column instanceof Utf8Column ? column : Utf8Column.from(Array.from(chunk, (line) => line.text));
  return { data: Buffer.from(data.buffer, data.byteOffset, data.byteLength), starts, ends };
}

/**
 * A word may itself hold spaces (`. . .` in GloVe 840B): the values are the last ones, the word is what they leave. But
 * where a number follows the first part, the word ends there.
 */
function parseRow(data: Buffer, start: number, end: number, dimension: number, origin: Origin): WordVector {
  const text = data.toString('utf8', start, end);
  const fields = text.split(' ');
  const vector = Float32Array.from(fields.slice(-dimension), parseValue);
  const fits = fields.length === dimension + 1 || (fields.length > dimension && !isNumber(fields[1] as string));
  if (fits && !vector.some(Number.isNaN)) {
    return { word: fields.slice(0, -dimension).join(' '), vector };
  }
  throw new MillraceError('MILLRACE_BAD_RECORD', 'The row is no vector', {
    origin,
    expected: `a word and ${dimension} numbers, as in the first row`,
    found: text,
  });
}

/** `Number` takes a field of nothing or white space for 0. */
function parseValue(field: string): number {
  return field.trim() === '' ? Number.NaN : Number(field);
}

function isNumber(field: string): boolean {
  return !Number.isNaN(parseValue(field));
}

function fieldEnd(data: Buffer, start: number, end: number): number {
  const space = data.indexOf(SPACE, start);
  return space < 0 || space > end ? end : space;
}

function trimEnd(data: Buffer, start: number, end: number): number {
  while (end > start && data[end - 1] === SPACE) end--;
  return end;
}
