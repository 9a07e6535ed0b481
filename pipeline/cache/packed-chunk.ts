/**
 * Chunks as frames of a cache file, and back.
 *
 * A table's columns are written as the arrays that they are, without the text and the items that no row refers to; read
 * back, they are windows on the bytes that were read. Values, and columns of kinds that are not known here, are written
 * as `v8.serialize` has them.
 */
import { ArrayChunk, type Chunk } from '../chunk.ts';
import { ColumnChunk } from '../column-chunk.ts';
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
import { offsetsOf } from '../ranges.ts';
import type { Frame } from './frame-file.ts';
import { deserialize, SerializedColumn, serialize } from './serialized.ts';

/** What a frame says of its parts: which of them, by index, is what. */
type Packed =
  | { readonly columns: readonly (readonly [name: string, column: PackedColumn])[] }
  | { readonly values: number; readonly bytes: number };

type PackedColumn =
  | { readonly kind: 'int32'; readonly values: number }
  | { readonly kind: 'int32-list'; readonly ranges: PackedRanges; readonly values: number }
  | ({ readonly kind: 'utf8' } & PackedText)
  | { readonly kind: 'utf8-list'; readonly ranges: PackedRanges; readonly items: PackedText }
  | { readonly kind: 'dictionary'; readonly codes: number; readonly dictionary: number }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'serialized'; readonly values: number };

type PackedText = { readonly ranges: PackedRanges; readonly data: number };

/** Offsets, one more than there are rows, where the ranges follow one another. */
type PackedRanges = { readonly offsets: number } | { readonly starts: number; readonly ends: number };

/** @throws MillraceError MILLRACE_SHAPE for values that would not come back as they are */
export function pack(chunk: Chunk<unknown>): Frame {
  const parts: Uint8Array[] = [];
  const meta: Packed =
    chunk instanceof ColumnChunk
      ? { columns: Object.entries(chunk.columns).map(([name, column]) => [name, packColumn(column, parts)]) }
      : { values: add(parts, serialize(Array.from(chunk))), bytes: chunk.bytes };
  return { rows: chunk.length, meta, parts };
}

export function unpack({ rows, meta, parts }: Frame): Chunk<unknown> {
  const packed = meta as Packed;
  if ('values' in packed) return new ArrayChunk(deserialize(bytes(parts, packed.values)) as unknown[], packed.bytes);
  const columns = packed.columns.map(([name, column]) => [name, unpackColumn(column, parts, rows)] as const);
  return new ColumnChunk(Object.fromEntries(columns));
}

function packColumn(shared: Column, parts: Uint8Array[]): PackedColumn {
  const column = compactColumn(shared);
  // A class derived from one of these may mean something else by its arrays.
  switch (column.constructor) {
    case Int32Column: {
      const { values } = column as Int32Column;
      return { kind: 'int32', values: add(parts, values) };
    }
    case Int32ListColumn: {
      const { values } = column as Int32ListColumn;
      return { kind: 'int32-list', ranges: addRanges(parts, column as Int32ListColumn), values: add(parts, values) };
    }
    case Utf8Column:
      return { kind: 'utf8', ...packText(column as Utf8Column, parts) };
    case Utf8ListColumn: {
      const { items } = column as Utf8ListColumn;
      return { kind: 'utf8-list', ranges: addRanges(parts, column as Utf8ListColumn), items: packText(items, parts) };
    }
    case DictionaryColumn: {
      const { codes, dictionary } = column as DictionaryColumn<unknown>;
      return { kind: 'dictionary', codes: add(parts, codes), dictionary: add(parts, serialize(dictionary)) };
    }
    case ConstantColumn:
      return { kind: 'constant', value: add(parts, serialize((column as ConstantColumn<unknown>).value)) };
    default: {
      const values = Array.from({ length: column.length }, (_, row) => column.get(row));
      return { kind: 'serialized', values: add(parts, serialize(values)) };
    }
  }
}

function unpackColumn(packed: PackedColumn, parts: readonly Uint8Array[], rows: number): Column {
  switch (packed.kind) {
    case 'int32':
      return new Int32Column(integers(parts, packed.values));
    case 'int32-list':
      return new Int32ListColumn(integers(parts, packed.values), ...unpackRanges(packed.ranges, parts));
    case 'utf8':
      return unpackText(packed, parts);
    case 'utf8-list':
      return new Utf8ListColumn(unpackText(packed.items, parts), ...unpackRanges(packed.ranges, parts));
    case 'dictionary':
      return new DictionaryColumn(
        bytes(parts, packed.codes),
        deserialize(bytes(parts, packed.dictionary)) as readonly unknown[],
      );
    case 'constant':
      return new ConstantColumn(deserialize(bytes(parts, packed.value)), rows);
    case 'serialized':
      return SerializedColumn.from(bytes(parts, packed.values), rows);
  }
}

function packText(text: Utf8Column, parts: Uint8Array[]): PackedText {
  return { ranges: addRanges(parts, text), data: add(parts, text.data) };
}

function unpackText({ ranges, data }: PackedText, parts: readonly Uint8Array[]): Utf8Column {
  return new Utf8Column(bytes(parts, data), ...unpackRanges(ranges, parts));
}

type Ranges = { readonly starts: Int32Array; readonly ends: Int32Array };

function addRanges(parts: Uint8Array[], { starts, ends }: Ranges): PackedRanges {
  const offsets = offsetsOf(starts, ends);
  return offsets ? { offsets: add(parts, offsets) } : { starts: add(parts, starts), ends: add(parts, ends) };
}

function unpackRanges(ranges: PackedRanges, parts: readonly Uint8Array[]): [starts: Int32Array, ends: Int32Array] {
  if (!('offsets' in ranges)) return [integers(parts, ranges.starts), integers(parts, ranges.ends)];
  const offsets = integers(parts, ranges.offsets);
  return [offsets.subarray(0, -1), offsets.subarray(1)];
}

/** Adds a part and answers its index. */
function add(parts: Uint8Array[], { buffer, byteOffset, byteLength }: Uint8Array | Int32Array): number {
  return parts.push(new Uint8Array(buffer, byteOffset, byteLength)) - 1;
}

function bytes(parts: readonly Uint8Array[], index: number): Uint8Array {
  return parts[index] as Uint8Array;
}

function integers(parts: readonly Uint8Array[], index: number): Int32Array {
  const { buffer, byteOffset, byteLength } = bytes(parts, index);
  return new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT);
}
