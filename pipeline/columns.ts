import type { Named } from './parallel/named.ts';

/**
 * The columns of a {@link ColumnChunk}: one field of many records as typed arrays, so that a stage can work on bytes
 * and numbers without making a string or an object for every row.
 *
 * Variable-length columns are ranges (`starts[i]` to `ends[i]`) over shared memory. That is Arrow's list-view layout,
 * and where the ranges follow one another without a gap, also its list layout (`starts` and `ends` are then two windows
 * on one offsets array). Ranges let a parser point into the bytes it was given, and let a filter or a shuffle move rows
 * without moving their text. A null starts and ends at -1.
 */
export interface Column<V = unknown> {
  readonly length: number;
  /** Bytes that the column's rows occupy, shared memory counted in part. */
  readonly bytes: number;
  /**
   * For columns of other kinds than those below: how another thread makes the same one out of columns of those kinds, by
   * calling an export of a module with them. A table with a column that doesn't say travels as values.
   */
  readonly made?: { readonly by: Named; readonly from: readonly Column[] };
  get(row: number): V;
  slice(start: number, end: number): Column<V>;
  take(rows: ArrayLike<number>): Column<V>;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Decodes UTF-8. Short ASCII runs, which are most of what text is, skip the decoder's fixed cost. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= 24) {
    let text = '';
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number;
      if (byte >= 0x80) return decoder.decode(bytes.subarray(start, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return bytes instanceof Buffer ? bytes.toString('utf8', start, end) : decoder.decode(bytes.subarray(start, end));
}

/** Ranges over shared memory; the two kinds of list and text differ only in what they range over. */
abstract class RangeColumn<V> implements Column<V> {
  abstract readonly starts: Int32Array;
  abstract readonly ends: Int32Array;
  // Asked for wherever a chunk changes hands, and the same each time.
  #covered: number | undefined;

  get length(): number {
    return this.starts.length;
  }

  get bytes(): number {
    this.#covered ??= this.#cover();
    return this.#covered;
  }

  /** The lengths of all ranges together. */
  #cover(): number {
    const { starts, ends, length } = this;
    // Two windows on one array of offsets: the ranges follow one another.
    if (
      length > 0 &&
      starts.buffer === ends.buffer &&
      starts.byteOffset + starts.BYTES_PER_ELEMENT === ends.byteOffset
    ) {
      return (ends[length - 1] as number) - (starts[0] as number);
    }
    let total = 0;
    for (let i = 0; i < length; i++) total += (ends[i] as number) - (starts[i] as number);
    return total;
  }

  abstract get(row: number): V;
  protected abstract over(starts: Int32Array, ends: Int32Array): Column<V>;

  slice(start: number, end: number): Column<V> {
    return this.over(this.starts.subarray(start, end), this.ends.subarray(start, end));
  }

  take(rows: ArrayLike<number>): Column<V> {
    return this.over(pick(this.starts, rows), pick(this.ends, rows));
  }
}

const NO_BYTES = new Uint8Array(0);
const NO_PLACES = new Int32Array(0);

interface Ranges {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Ranges that may be made when something of them is read: perhaps nobody does. */
abstract class LaterColumn<V, R extends Ranges> extends RangeColumn<V> {
  #ranges: R | (() => R);
  #length: number;

  constructor(ranges: R) {
    super();
    this.#ranges = ranges;
    this.#length = ranges.starts.length;
  }

  /** Puts what will be made in place of what there is. */
  protected postpone(length: number, make: () => R): void {
    this.#ranges = make;
    this.#length = length;
  }

  protected get ranges(): R {
    if (typeof this.#ranges === 'function') this.#ranges = this.#ranges();
    return this.#ranges;
  }

  get starts(): Int32Array {
    return this.ranges.starts;
  }

  get ends(): Int32Array {
    return this.ranges.ends;
  }

  override get length(): number {
    return this.#length;
  }
}

/** Ranges over UTF-8 bytes. */
interface Texts extends Ranges {
  readonly data: Uint8Array;
}

/** Text as UTF-8 bytes. */
export class Utf8Column extends LaterColumn<string | undefined, Texts> {
  #bytes: number | undefined;

  constructor(data: Uint8Array, starts: Int32Array, ends: Int32Array) {
    super({ data, starts, ends });
  }

  /**
   * A column that is made when something of it is read.
   *
   * @param length its rows
   * @param bytes what these have in all
   */
  static later(length: number, bytes: number, make: () => Texts): Utf8Column {
    const column = new Utf8Column(NO_BYTES, NO_PLACES, NO_PLACES);
    column.postpone(length, make);
    column.#bytes = bytes;
    return column;
  }

  get data(): Uint8Array {
    return this.ranges.data;
  }

  override get bytes(): number {
    return this.#bytes ?? super.bytes;
  }

  static from(texts: readonly (string | undefined)[]): Utf8Column {
    const all = texts.join('');
    let data = Buffer.from(all);
    const ascii = data.length === all.length;
    const starts = new Int32Array(texts.length);
    const ends = new Int32Array(texts.length);
    let at = 0;
    for (let row = 0; row < texts.length; row++) {
      const text = texts[row];
      starts[row] = text === undefined ? -1 : at;
      if (text !== undefined) at += ascii ? text.length : Buffer.byteLength(text);
      ends[row] = text === undefined ? -1 : at;
    }
    // Where halves of a surrogate pair have met, they are no longer what they were apart.
    if (data.length !== at) data = Buffer.concat(texts.map((text = '') => Buffer.from(text)));
    return new Utf8Column(data, starts, ends);
  }

  get(row: number): string | undefined {
    const start = this.starts[row] as number;
    return start < 0 ? undefined : decodeUtf8(this.data, start, this.ends[row] as number);
  }

  protected over(starts: Int32Array, ends: Int32Array): Utf8Column {
    return new Utf8Column(this.data, starts, ends);
  }
}

/** A list of integers a row, such as the ids of a sentence. */
export class Int32ListColumn extends RangeColumn<Int32Array | undefined> {
  readonly values: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;

  constructor(values: Int32Array, starts: Int32Array, ends: Int32Array) {
    super();
    this.values = values;
    this.starts = starts;
    this.ends = ends;
  }

  static from(lists: readonly ArrayLike<number>[]): Int32ListColumn {
    const offsets = new Int32Array(lists.length + 1);
    lists.forEach((list, row) => {
      offsets[row + 1] = (offsets[row] as number) + list.length;
    });
    const values = new Int32Array(offsets[lists.length] as number);
    lists.forEach((list, row) => {
      values.set(list, offsets[row]);
    });
    return new Int32ListColumn(values, offsets.subarray(0, -1), offsets.subarray(1));
  }

  override get bytes(): number {
    return super.bytes * 4;
  }

  get(row: number): Int32Array | undefined {
    const start = this.starts[row] as number;
    return start < 0 ? undefined : this.values.subarray(start, this.ends[row]);
  }

  protected over(starts: Int32Array, ends: Int32Array): Int32ListColumn {
    return new Int32ListColumn(this.values, starts, ends);
  }
}

/** Ranges over texts. */
interface TextLists extends Ranges {
  readonly items: Utf8Column;
}

/** A list of texts a row, such as the tokens of a sentence; the ranges are over the items. */
export class Utf8ListColumn extends LaterColumn<string[] | undefined, TextLists> {
  constructor(items: Utf8Column, starts: Int32Array, ends: Int32Array) {
    super({ items, starts, ends });
  }

  /**
   * A column that is made when something of it is read.
   *
   * @param length its rows
   */
  static later(length: number, make: () => TextLists): Utf8ListColumn {
    const column = new Utf8ListColumn(NO_TEXTS, NO_PLACES, NO_PLACES);
    column.postpone(length, make);
    return column;
  }

  get items(): Utf8Column {
    return this.ranges.items;
  }

  /** The ranges of the rows alone, so that nothing need be made to know: the texts are usually another column's. */
  override get bytes(): number {
    return this.length * 8;
  }

  get(row: number): string[] | undefined {
    const start = this.starts[row] as number;
    if (start < 0) return undefined;
    const texts: string[] = [];
    for (let item = start; item < (this.ends[row] as number); item++) texts.push(this.items.get(item) as string);
    return texts;
  }

  protected over(starts: Int32Array, ends: Int32Array): Utf8ListColumn {
    return new Utf8ListColumn(this.items, starts, ends);
  }
}

const NO_TEXTS = new Utf8Column(NO_BYTES, NO_PLACES, NO_PLACES);

/** One integer a row. */
export class Int32Column implements Column<number> {
  readonly values: Int32Array;

  constructor(values: Int32Array) {
    this.values = values;
  }

  get length(): number {
    return this.values.length;
  }

  get bytes(): number {
    return this.values.length * 4;
  }

  get(row: number): number {
    return this.values[row] as number;
  }

  slice(start: number, end: number): Int32Column {
    return new Int32Column(this.values.subarray(start, end));
  }

  take(rows: ArrayLike<number>): Int32Column {
    return new Int32Column(pick(this.values, rows));
  }
}

/** One of a few values a row, by its index; an index past the dictionary is a null. */
export class DictionaryColumn<V> implements Column<V | undefined> {
  readonly codes: Uint8Array;
  readonly dictionary: readonly V[];

  constructor(codes: Uint8Array, dictionary: readonly V[]) {
    this.codes = codes;
    this.dictionary = dictionary;
  }

  get length(): number {
    return this.codes.length;
  }

  get bytes(): number {
    return this.codes.length;
  }

  get(row: number): V | undefined {
    return this.dictionary[this.codes[row] as number];
  }

  slice(start: number, end: number): DictionaryColumn<V> {
    return new DictionaryColumn(this.codes.subarray(start, end), this.dictionary);
  }

  take(rows: ArrayLike<number>): DictionaryColumn<V> {
    const codes = new Uint8Array(rows.length);
    for (let i = 0; i < codes.length; i++) codes[i] = this.codes[rows[i] as number] as number;
    return new DictionaryColumn(codes, this.dictionary);
  }
}

/** The same value in every row, such as the file that the rows came from. */
export class ConstantColumn<V> implements Column<V> {
  readonly value: V;
  readonly length: number;
  readonly bytes = 0;

  constructor(value: V, length: number) {
    this.value = value;
    this.length = length;
  }

  get(_row: number): V {
    return this.value;
  }

  slice(start: number, end: number): ConstantColumn<V> {
    return new ConstantColumn(this.value, Math.max(0, Math.min(end, this.length) - start));
  }

  take(rows: ArrayLike<number>): ConstantColumn<V> {
    return new ConstantColumn(this.value, rows.length);
  }
}

function pick(values: Int32Array, rows: ArrayLike<number>): Int32Array {
  const picked = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i] as number] as number;
  return picked;
}
