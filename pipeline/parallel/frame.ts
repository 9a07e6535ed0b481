import { ArrayChunk, type Chunk } from '../chunk.ts';
import { ColumnChunk } from '../column-chunk.ts';
import { type Borrowed, type PackedColumns, packColumns, unpackColumns } from './packed-columns.ts';
import { portable } from './portable.ts';

/** A chunk on its way to another thread. The buffer of a table is handed over, values are copied. */
export type Frame = { readonly table: PackedColumns } | { readonly values: readonly unknown[]; readonly bytes: number };

/** A chunk that goes, and the memory that the sender keeps: what comes back may point into it. */
export interface Sent {
  readonly frame: Frame;
  readonly pieces: readonly Uint8Array[];
}

/**
 * @param allocate memory for so many bytes or more
 * @param cause the frame that this is the answer to, if it is one
 * @returns undefined for records that would arrive as others: with functions or instances of classes in them
 */
export function toFrame(
  chunk: Chunk<unknown>,
  allocate: (size: number) => ArrayBuffer,
  cause?: Frame,
): Sent | undefined {
  const table = chunk instanceof ColumnChunk ? packColumns(chunk.columns, allocate, borrowedFrom(cause)) : undefined;
  if (table) return { frame: { table: table.packed }, pieces: table.pieces };
  const values = portable(Array.from(chunk));
  return values && { frame: { values: values.value as unknown[], bytes: chunk.bytes }, pieces: [] };
}

/** What is handed over and not copied. */
export function transferOf(frame: Frame): ArrayBuffer[] {
  return 'table' in frame ? [frame.table.buffer] : [];
}

/** @param pieces what was sent, if this is the answer to it */
export async function fromFrame(frame: Frame, pieces?: readonly Uint8Array[]): Promise<Chunk<unknown>> {
  return 'table' in frame ? unpackColumns(frame.table, pieces) : new ArrayChunk(frame.values, frame.bytes);
}

function borrowedFrom(cause: Frame | undefined): Borrowed | undefined {
  return cause && 'table' in cause ? cause.table : undefined;
}
