/**
 * A table in one piece of memory, to be handed to another thread: a buffer with all numbers and bytes, and a plain
 * description of which column finds its own where.
 *
 * Columns share memory with other chunks (the lines of a block, the rows that a filter left), so packing copies what the
 * rows use, once: bytes that several columns point into are copied for all of them together. Unpacking copies nothing:
 * the columns are windows on the buffer. And what points into bytes that came from the other thread goes back to it as
 * places in them alone: most of what a parser makes is that.
 */
import { ColumnChunk, type Columns } from '../column-chunk.ts';
import {
  type Column,
  ConstantColumn,
  DictionaryColumn,
  Int32Column,
  Int32ListColumn,
  Utf8Column,
  Utf8ListColumn,
} from '../columns.ts';
import { compactColumn } from '../gather.ts';
import { compact, gather } from '../ranges.ts';
import { load, type Named } from './named.ts';
import { portable } from './portable.ts';
import { areOffsets, isSparse, moved, type Ranges, type Span, shift, spanOf } from './ranges.ts';

export interface PackedColumns {
  readonly buffer: ArrayBuffer;
  /** Where in it are pieces of memory that the sender still has. */
  readonly lent: readonly Slot[];
  readonly columns: Readonly<Record<string, PackedColumn>>;
}

/** Where an array begins in the buffer, in bytes, and how many elements it has. */
type Slot = readonly [at: number, length: number];

interface PackedRanges {
  readonly starts: Slot;
  readonly ends: Slot;
}

type PackedColumn =
  | ({ readonly kind: 'text'; readonly data: Slot } & PackedRanges)
  /** Ranges over a piece of memory that came from the receiver. */
  | ({ readonly kind: 'borrowed-text'; readonly piece: number } & PackedRanges)
  | ({ readonly kind: 'texts'; readonly items: PackedColumn } & PackedRanges)
  | ({ readonly kind: 'integers'; readonly values: Slot } & PackedRanges)
  | { readonly kind: 'integer'; readonly values: Slot }
  | { readonly kind: 'dictionary'; readonly codes: Slot; readonly dictionary: readonly unknown[] }
  | { readonly kind: 'constant'; readonly value: unknown; readonly length: number }
  | { readonly kind: 'made'; readonly by: Named; readonly from: readonly PackedColumn[] };

/** Memory of a packed table that its sender still has. */
export type Borrowed = Pick<PackedColumns, 'buffer' | 'lent'>;

/**
 * @param allocate memory for so many bytes or more, with whatever in it
 * @param borrowed what came from the thread to which this goes
 * @returns the table, and the pieces of memory that were lent with it, which {@link unpackColumns} takes for what comes
 * back; undefined where there is a column of a kind that is not known here and that doesn't say how it is made, or a value
 * that cannot be packed
 */
export function packColumns(
  columns: Columns,
  allocate: (size: number) => ArrayBuffer,
  borrowed?: Borrowed,
): { readonly packed: PackedColumns; readonly pieces: readonly Uint8Array[] } | undefined {
  const own = Object.entries(columns).map(([name, column]) => [name, withOwnItems(column)] as const);
  const texts = own.flatMap(([, column]) => textsIn(column));
  const packer = new Packer(texts, borrowed);
  const packed: Record<string, PackedColumn> = {};
  for (const [name, column] of own) {
    const one = packer.column(column);
    if (!one) return undefined;
    packed[name] = one;
  }
  const { lent, pieces } = packer;
  return { packed: { buffer: packer.into(allocate), lent, columns: packed }, pieces };
}

/** @param pieces the memory that was lent to the thread from which this comes */
export async function unpackColumns<T>(
  { buffer, columns }: PackedColumns,
  pieces: readonly Uint8Array[] = [],
): Promise<ColumnChunk<T>> {
  const unpacked: Record<string, Column> = {};
  for (const [name, column] of Object.entries(columns)) unpacked[name] = await unpack(buffer, pieces, column);
  return new ColumnChunk<T>(unpacked);
}

async function unpack(buffer: ArrayBuffer, pieces: readonly Uint8Array[], column: PackedColumn): Promise<Column> {
  const integers = ([at, length]: Slot) => new Int32Array(buffer, at, length);
  switch (column.kind) {
    case 'text':
      return new Utf8Column(Buffer.from(buffer, ...column.data), integers(column.starts), integers(column.ends));
    case 'borrowed-text': {
      const data = pieces[column.piece] as Uint8Array;
      return new Utf8Column(data, integers(column.starts), integers(column.ends));
    }
    case 'texts': {
      const items = (await unpack(buffer, pieces, column.items)) as Utf8Column;
      return new Utf8ListColumn(items, integers(column.starts), integers(column.ends));
    }
    case 'integers':
      return new Int32ListColumn(integers(column.values), integers(column.starts), integers(column.ends));
    case 'integer':
      return new Int32Column(integers(column.values));
    case 'dictionary':
      return new DictionaryColumn(new Uint8Array(buffer, ...column.codes), column.dictionary);
    case 'constant':
      return new ConstantColumn(column.value, column.length);
    case 'made': {
      const make = (await load(column.by)) as (...from: Column[]) => Column;
      return make(...(await Promise.all(column.from.map((one) => unpack(buffer, pieces, one)))));
    }
  }
}

const NOTHING: Span = { from: 0, to: 0, sum: 0 };

/** A list column over the items that its rows have, and no others but a few between them. */
function withOwnItems(column: Column): Column {
  if (!(column instanceof Utf8ListColumn || column instanceof Int32ListColumn)) return column;
  const span = spanOf(column) ?? NOTHING;
  if (isSparse(span)) return column instanceof Int32ListColumn ? compactColumn(column) : withOwnPlaces(column);
  const { starts, ends } = shift(column, -span.from);
  return column instanceof Int32ListColumn
    ? new Int32ListColumn(column.values.subarray(span.from, span.to), starts, ends)
    : new Utf8ListColumn(column.items.slice(span.from, span.to) as Utf8Column, starts, ends);
}

/** Not a copy of the text of its items: other columns may be in the same text, or it be borrowed. */
function withOwnPlaces({ items, starts, ends }: Utf8ListColumn): Utf8ListColumn {
  const kept = compact(starts, ends, items);
  const own = new Utf8Column(items.data, gather(items.starts, kept), gather(items.ends, kept));
  return new Utf8ListColumn(own, kept.starts, kept.ends);
}

/** The columns of text in a column. */
function textsIn(column: Column): Utf8Column[] {
  if (column instanceof Utf8Column) return [column];
  if (column instanceof Utf8ListColumn) return [column.items];
  return column.made?.from.flatMap(textsIn) ?? [];
}

/** Lays columns out in a buffer that is made when its size is known. */
class Packer {
  #size = 0;
  readonly #writes: ((buffer: ArrayBuffer) => void)[] = [];
  /** Of each piece of memory that text columns point into, which part they use and where that goes. */
  readonly #areas = new Map<ArrayBufferLike, Span & { slot?: Slot }>();
  readonly #borrowed: Borrowed | undefined;
  readonly lent: Slot[] = [];
  readonly pieces: Uint8Array[] = [];

  constructor(texts: readonly Utf8Column[], borrowed: Borrowed | undefined) {
    this.#borrowed = borrowed;
    for (const text of texts) {
      const span = spanOf(text);
      if (!span || this.#pieceOf(text, span) >= 0) continue;
      const { from, to, sum } = span;
      const { buffer, byteOffset } = text.data;
      const area = this.#areas.get(buffer) ?? { from: from + byteOffset, to: to + byteOffset, sum: 0 };
      area.from = Math.min(area.from, from + byteOffset);
      area.to = Math.max(area.to, to + byteOffset);
      area.sum += sum;
      this.#areas.set(buffer, area);
    }
    for (const [buffer, area] of this.#areas) {
      if (isSparse(area)) continue;
      const piece = Buffer.from(buffer as ArrayBuffer, area.from, area.to - area.from);
      area.slot = this.#bytes(piece);
      this.lent.push(area.slot);
      this.pieces.push(piece);
    }
  }

  column(column: Column): PackedColumn | undefined {
    switch (column.constructor) {
      case Utf8Column:
        return this.#text(column as Utf8Column);
      case Utf8ListColumn: {
        const lists = column as Utf8ListColumn;
        return { kind: 'texts', items: this.#text(lists.items), ...this.#ranges(lists) };
      }
      case Int32ListColumn: {
        const lists = column as Int32ListColumn;
        return { kind: 'integers', values: this.#integers(lists.values), ...this.#ranges(lists) };
      }
      case Int32Column:
        return { kind: 'integer', values: this.#integers((column as Int32Column).values) };
      case DictionaryColumn: {
        const { codes, dictionary } = column as DictionaryColumn<unknown>;
        const values = portable(dictionary);
        return values && { kind: 'dictionary', codes: this.#bytes(codes), dictionary: values.value as unknown[] };
      }
      case ConstantColumn: {
        const { value, length } = column as ConstantColumn<unknown>;
        const copied = portable(value);
        return copied && { kind: 'constant', value: copied.value, length };
      }
      default:
        return this.#made(column);
    }
  }

  into(allocate: (size: number) => ArrayBuffer): ArrayBuffer {
    const buffer = allocate(this.#size);
    for (const write of this.#writes) write(buffer);
    return buffer;
  }

  #made({ made }: Column): PackedColumn | undefined {
    const from = made?.from.map((column) => this.column(withOwnItems(column)));
    if (!made || !from?.every((column) => column !== undefined)) return undefined;
    const { module, export: name } = made.by;
    return { kind: 'made', by: { module, export: name }, from };
  }

  #text(text: Utf8Column): PackedColumn {
    const { data } = text;
    const span = spanOf(text);
    const piece = span ? this.#pieceOf(text, span) : -1;
    const lent = this.#borrowed?.lent[piece];
    if (lent) {
      const [at] = lent;
      return { kind: 'borrowed-text', piece, ...this.#ranges(text, data.byteOffset - at) };
    }
    const area = this.#areas.get(data.buffer);
    if (area?.slot) {
      return { kind: 'text', data: area.slot, ...this.#ranges(text, data.byteOffset - area.from) };
    }
    const own = compactColumn(text) as Utf8Column;
    return { kind: 'text', data: this.#bytes(own.data), ...this.#ranges(own) };
  }

  /** Which borrowed piece the text is all in, or -1. */
  #pieceOf({ data }: Utf8Column, { from, to }: Span): number {
    if (data.buffer !== this.#borrowed?.buffer) return -1;
    const [start, end] = [from + data.byteOffset, to + data.byteOffset];
    return this.#borrowed.lent.findIndex(([at, length]) => at <= start && end <= at + length);
  }

  #ranges(ranges: Ranges, by = 0): PackedRanges {
    const { starts, ends } = ranges;
    if (!areOffsets(ranges)) return { starts: this.#integers(starts, by), ends: this.#integers(ends, by) };
    const { length } = starts;
    const [at] = this.#integers(new Int32Array(starts.buffer, starts.byteOffset, length + 1), by);
    return { starts: [at, length], ends: [at + 4, length] };
  }

  #integers(values: Int32Array, by = 0): Slot {
    const slot = this.#reserve(values.length, 4);
    this.#writes.push((buffer) => {
      const target = new Int32Array(buffer, ...slot);
      if (by === 0) target.set(values);
      else for (let i = 0; i < values.length; i++) target[i] = moved(values[i] as number, by);
    });
    return slot;
  }

  #bytes(bytes: Uint8Array): Slot {
    const slot = this.#reserve(bytes.length, 1);
    this.#writes.push((buffer) => new Uint8Array(buffer, ...slot).set(bytes));
    return slot;
  }

  #reserve(length: number, elementBytes: number): Slot {
    const at = this.#size;
    this.#size += Math.ceil((length * elementBytes) / 8) * 8;
    return [at, length];
  }
}
