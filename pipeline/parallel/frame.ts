import { ArrayChunk, type Chunk } from '../chunk.ts';
import { ColumnChunk } from '../column-chunk.ts';
import { type PackedColumns, packColumns, unpackColumns } from './packed-columns.ts';
import { portable } from './portable.ts';

/** A chunk on its way to another thread. The buffer of a table is handed over, values are copied. */
export type Frame = { readonly table: PackedColumns } | { readonly values: readonly unknown[]; readonly bytes: number };

/** @returns undefined for records that would arrive as others: with functions or instances of classes in them */
export function toFrame(chunk: Chunk<unknown>): Frame | undefined {
  const table = chunk instanceof ColumnChunk ? packColumns(chunk.columns) : undefined;
  if (table) return { table };
  const values = portable(Array.from(chunk));
  return values && { values: values.value as unknown[], bytes: chunk.bytes };
}

/** What is handed over and not copied. */
export function transferOf(frame: Frame): ArrayBuffer[] {
  return 'table' in frame ? [frame.table.buffer] : [];
}

export async function fromFrame(frame: Frame): Promise<Chunk<unknown>> {
  return 'table' in frame ? unpackColumns(frame.table) : new ArrayChunk(frame.values, frame.bytes);
}
