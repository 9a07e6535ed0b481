import { read, wideBytes, write } from './lanes';

/**
 * Copies rows to where they are needed: `to[i] = from[indices[i]]`, and zeros where the index is below 0.
 *
 * @param indices int32
 * @param width of a row, in numbers
 */
export function gatherRows(from: usize, indices: usize, count: usize, width: usize, to: usize): void {
  const bytes = width << 2;
  for (let i: usize = 0; i < count; i++) {
    const index = load<i32>(indices + (i << 2));
    if (index < 0) memory.fill(to, 0, bytes);
    else memory.copy(to, from + <usize>index * bytes, bytes);
    to += bytes;
  }
}

/** The sum of all rows. */
export function sumRows(from: usize, rows: usize, width: usize, sums: usize): void {
  memory.fill(sums, 0, width << 2);
  for (let row: usize = 0; row < rows; row++) {
    addTo(sums, from, width);
    from += width << 2;
  }
}

/**
 * The way back: `to[indices[i]] += from[i]`, in the order of the rows. One whose index is that of no row is dropped.
 *
 * @param rows of `to`
 */
export function addRows(from: usize, indices: usize, count: usize, width: usize, rows: usize, to: usize): void {
  const bytes = width << 2;
  for (let i: usize = 0; i < count; i++) {
    const index = load<i32>(indices + (i << 2));
    if (index >= 0 && <usize>index < rows) addTo(to + <usize>index * bytes, from, width);
    from += bytes;
  }
}

/**
 * Copies columns of rows: those of `from[indices[i]]` to row i, and zeros where the index is below 0.
 *
 * @param fromStride bytes from one row to the next, as is `toStride`
 * @param width columns, in numbers
 */
export function gatherColumns(
  from: usize,
  fromStride: usize,
  indices: usize,
  count: usize,
  width: usize,
  to: usize,
  toStride: usize,
): void {
  const bytes = width << 2;
  for (let i: usize = 0; i < count; i++) {
    const index = load<i32>(indices + (i << 2));
    if (index < 0) memory.fill(to, 0, bytes);
    else memory.copy(to, from + <usize>index * fromStride, bytes);
    to += toStride;
  }
}

/** The way back: adds the columns of row i to those of `to[indices[i]]`, and drops a row whose index is below 0. */
export function addColumns(
  from: usize,
  fromStride: usize,
  indices: usize,
  count: usize,
  width: usize,
  to: usize,
  toStride: usize,
): void {
  for (let i: usize = 0; i < count; i++) {
    const index = load<i32>(indices + (i << 2));
    if (index >= 0) addTo(to + <usize>index * toStride, from, width);
    from += fromStride;
  }
}

/** `sums += values` */
export function addTo(sums: usize, values: usize, count: usize): void {
  const end = sums + (count << 2);
  const wideEnd = sums + wideBytes(count);
  for (; sums < wideEnd; sums += 16, values += 16) add<v128>(sums, values);
  for (; sums < end; sums += 4, values += 4) add<f32>(sums, values);
}

function add<T>(sums: usize, values: usize): void {
  write<T>(sums, f32x4.add(read<T>(sums), read<T>(values)));
}
