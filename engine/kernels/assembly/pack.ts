/**
 * Matrices in the order in which `multiplyTile` reads them: in panels of four rows of the left matrix, eight columns of
 * the right, and in a panel one step of the inner dimension after the other. So its reads follow one another, whatever
 * the shape and order of the matrices.
 *
 * Strides are distances in bytes. A panel at the edge has lanes to spare, and what is in them goes into sums that nobody
 * reads.
 */

import { TILE_COLUMNS, TILE_ROWS } from './tile';

/** A block of the left matrix, `rows` of it and `depth` of its inner dimension. */
export function packLeft(rows: usize, depth: usize, from: usize, stride: usize, transposed: bool, to: usize): void {
  for (let row: usize = 0; row < rows; row += TILE_ROWS) {
    const lanes = min(TILE_ROWS, rows - row);
    if (transposed) copyLanes(from + (row << 2), stride, lanes, TILE_ROWS, depth, to);
    else interleave(from + row * stride, stride, lanes, depth, to, 16);
    to += depth << 4;
  }
}

/** A block of the right matrix, `columns` of it and `depth` of its inner dimension. */
export function packRight(columns: usize, depth: usize, from: usize, stride: usize, transposed: bool, to: usize): void {
  for (let column: usize = 0; column < columns; column += TILE_COLUMNS) {
    const lanes = min(TILE_COLUMNS, columns - column);
    if (transposed) {
      const first = from + column * stride;
      interleave(first, stride, min<usize>(4, lanes), depth, to, 32);
      if (lanes > 4) interleave(first + (stride << 2), stride, lanes - 4, depth, to + 16, 32);
    } else copyLanes(from + (column << 2), stride, lanes, TILE_COLUMNS, depth, to);
    to += depth << 5;
  }
}

/** For each step the numbers that lie side by side: one run of `lanes` out of each row. */
function copyLanes(from: usize, stride: usize, lanes: usize, width: usize, depth: usize, to: usize): void {
  for (let step: usize = 0; step < depth; step++) {
    if (lanes < width) memory.copy(to, from, lanes << 2);
    else {
      v128.store(to, v128.load(from));
      if (width > 4) v128.store(to, v128.load(from, 16), 16);
    }
    from += stride;
    to += width << 2;
  }
}

/** For each step one number out of each of up to four rows: blocks of four by four are transposed in registers. */
function interleave(from: usize, stride: usize, lanes: usize, depth: usize, to: usize, toStride: usize): void {
  // Lanes to spare repeat the first row.
  let row0 = from;
  let row1 = lanes > 1 ? from + stride : from;
  let row2 = lanes > 2 ? from + 2 * stride : from;
  let row3 = lanes > 3 ? from + 3 * stride : from;
  let step: usize = 0;
  for (; step + 4 <= depth; step += 4) {
    const a = v128.load(row0);
    const b = v128.load(row1);
    const c = v128.load(row2);
    const d = v128.load(row3);
    const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(abLow, cdLow, 0, 1, 4, 5));
    to += toStride;
    v128.store(to, v128.shuffle<f32>(abLow, cdLow, 2, 3, 6, 7));
    to += toStride;
    v128.store(to, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
    to += toStride;
    v128.store(to, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
    to += toStride;
    row0 += 16;
    row1 += 16;
    row2 += 16;
    row3 += 16;
  }
  for (; step < depth; step++) {
    store<f32>(to, load<f32>(row0));
    store<f32>(to, load<f32>(row1), 4);
    store<f32>(to, load<f32>(row2), 8);
    store<f32>(to, load<f32>(row3), 12);
    to += toStride;
    row0 += 4;
    row1 += 4;
    row2 += 4;
    row3 += 4;
  }
}
