/** Ranges, `starts[i]` to `ends[i]`, and the part of what they range over that they use. A null starts and ends at -1. */

export interface Ranges {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** From the lowest start to the highest end, and the lengths of all ranges together. */
export interface Span {
  from: number;
  to: number;
  sum: number;
}

/** @returns undefined where all are nulls */
export function spanOf({ starts, ends }: Ranges): Span | undefined {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  let sum = 0;
  for (let i = 0; i < starts.length; i++) {
    const start = starts[i] as number;
    if (start < 0) continue;
    const end = ends[i] as number;
    if (start < from) from = start;
    if (end > to) to = end;
    sum += end - start;
  }
  return from <= to ? { from, to, sum } : undefined;
}

/** Whether more of the span lies between the ranges than in them, so that it is better taken apart than as a whole. */
export function isSparse({ from, to, sum }: Span): boolean {
  return 2 * sum < to - from;
}

/** The same ranges where what they range over begins `by` later; nulls stay nulls. */
export function shift({ starts, ends }: Ranges, by: number): Ranges {
  if (by === 0) return { starts, ends };
  const move = (value: number) => moved(value, by);
  return { starts: starts.map(move), ends: ends.map(move) };
}

/** One end of a range, moved. */
export function moved(value: number, by: number): number {
  return value < 0 ? value : value + by;
}

/** Whether the ranges follow one another, and are two windows on one array of offsets: Arrow's list layout. */
export function areOffsets({ starts, ends }: Ranges): boolean {
  return starts.length > 0 && starts.buffer === ends.buffer && ends.byteOffset === starts.byteOffset + 4;
}
