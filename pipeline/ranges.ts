/** Ranges over shared memory, made to range over just what they need of it. A null starts and ends at -1. */

/** What ranges are over: one memory for all rows, or one for each. */
export type Memory<A> = A | readonly A[];

/** Ranges over memory that holds nothing else, and what that memory is put together from. */
export interface Compact {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** Parts of the old memory that make the new one, in order; of each the row that it is for, its start and its end. */
  readonly runs: readonly number[];
  /** Of the new memory. */
  readonly length: number;
}

/** A row that shares the range of the row before goes on to do so; nulls stay nulls. */
export function compact(starts: Int32Array, ends: Int32Array, memory: Memory<unknown>): Compact {
  const rows = starts.length;
  const newStarts = new Int32Array(rows).fill(-1);
  const newEnds = new Int32Array(rows).fill(-1);
  const runs: number[] = [];
  let length = 0;
  // Of the row before that was no null.
  let last: unknown;
  for (let row = 0; row < rows; row++) {
    const start = starts[row] as number;
    const end = ends[row] as number;
    if (start < 0) continue;
    const own = memoryOf(memory, row);
    if (own === last && start === starts[row - 1] && end === ends[row - 1]) {
      newStarts[row] = newStarts[row - 1] as number;
      newEnds[row] = newEnds[row - 1] as number;
      continue;
    }
    if (own === last && start === runs.at(-1)) runs[runs.length - 1] = end;
    else runs.push(row, start, end);
    last = own;
    newStarts[row] = length;
    length += end - start;
    newEnds[row] = length;
  }
  return { starts: newStarts, ends: newEnds, runs, length };
}

/** The new memory: the runs of the old one, end to end. */
export function gather<A extends Uint8Array | Int32Array>(memory: Memory<A>, { runs, length }: Compact): A {
  if (runs.length === 3) return memoryOf(memory, runs[0] as number).subarray(runs[1], runs[2]) as A;
  const gathered = new (memoryOf(memory, 0) instanceof Int32Array ? Int32Array : Uint8Array)(length) as A;
  let at = 0;
  for (let run = 0; run < runs.length; run += 3) {
    const values = memoryOf(memory, runs[run] as number);
    const start = runs[run + 1] as number;
    const end = runs[run + 2] as number;
    // Most runs are words: too short for a call to be worth while.
    if (end - start > LONG_RUN) gathered.set(values.subarray(start, end), at);
    else for (let i = start; i < end; i++) gathered[at + i - start] = values[i] as number;
    at += end - start;
  }
  return gathered;
}

const LONG_RUN = 32;

/** What a row's range is over. */
export function memoryOf<A>(memory: Memory<A>, row: number): A {
  return Array.isArray(memory) ? (memory[row] as A) : (memory as A);
}

/** Starts and ends as the windows on one array that they may be: where each range begins at the end of the one before. */
export function offsetsOf(starts: Int32Array, ends: Int32Array): Int32Array | undefined {
  const offsets = new Int32Array(starts.length + 1);
  for (let row = 0; row < starts.length; row++) {
    if (starts[row] !== offsets[row]) return undefined;
    offsets[row + 1] = ends[row] as number;
  }
  return offsets;
}
