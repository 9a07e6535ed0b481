/**
 * Products of matrices, `out = start + left · right`, in blocks that fit the caches (Goto and van de Geijn, "Anatomy of
 * high-performance matrix multiplication", 2008): a packed block of the right matrix stays in the second level while the
 * left matrix passes by, a packed block of which stays in the first.
 *
 * Every sum is taken in the order of the inner dimension, whatever the number of rows: so a row of the product does not
 * hang on the others.
 */

import { packLeft, packRight } from './pack';
import { multiplyRow } from './row';
import { multiplyTile, TILE_COLUMNS, TILE_ROWS } from './tile';

/** Of a block, in numbers: 64 KiB of the left matrix, 512 KiB of the right. */
const BLOCK_ROWS: usize = 64;
const BLOCK_COLUMNS: usize = 512;
const BLOCK_DEPTH: usize = 256;

/** From so many rows on it pays to pack the right matrix. */
const FEW_ROWS: usize = 4;

/** How the right matrix lies in memory. */
export const PLAIN: u32 = 0;
export const TRANSPOSED: u32 = 1;
export const PACKED: u32 = 2;

/** Bytes of a tile at the edge, and of a tile's row of zeros, which the scratch memory begins with. */
const EDGE: usize = TILE_ROWS * TILE_COLUMNS * 4;
const ZEROS: usize = TILE_COLUMNS * 4;

/** Bytes of scratch memory that `multiply` needs, whatever the matrices. */
export function multiplyScratch(): usize {
  return EDGE + ZEROS + BLOCK_DEPTH * (BLOCK_ROWS + BLOCK_COLUMNS) * 4;
}

/** Bytes that `packMatrix` writes. */
export function packedSize(inner: usize, columns: usize): usize {
  return inner * roundUp(columns) * 4;
}

/** Packs a whole right matrix, for more than one product with it. */
export function packMatrix(inner: usize, columns: usize, from: usize, transposed: bool, to: usize): void {
  const stride = (transposed ? inner : columns) << 2;
  for (let column: usize = 0; column < columns; column += BLOCK_COLUMNS) {
    const width = min(BLOCK_COLUMNS, columns - column);
    for (let step: usize = 0; step < inner; step += BLOCK_DEPTH) {
      const depth = min(BLOCK_DEPTH, inner - step);
      packRight(
        width,
        depth,
        from + (transposed ? column * stride + (step << 2) : step * stride + (column << 2)),
        stride,
        transposed,
        to,
      );
      to += depth * roundUp(width) * 4;
    }
  }
}

/**
 * @param left `[rows, inner]`, or `[inner, rows]` if transposed
 * @param right `[inner, columns]`, or as `rightLayout` says
 * @param start address of what the sums start from: `out` itself, a row for all rows with a stride of 0, or 0 for zeros
 * @param startStride in bytes
 * @param scratch `multiplyScratch()` bytes
 */
export function multiply(
  rows: usize,
  inner: usize,
  columns: usize,
  left: usize,
  leftTransposed: bool,
  right: usize,
  rightLayout: u32,
  start: usize,
  startStride: usize,
  out: usize,
  scratch: usize,
): void {
  const edge = scratch;
  const zeros = edge + EDGE;
  const packedLeft = zeros + ZEROS;
  memory.fill(zeros, 0, ZEROS);
  if (start === 0) startStride = 0;
  if (inner === 0) {
    fillRows(rows, columns << 2, start, startStride, out);
    return;
  }
  if (rows < FEW_ROWS && rightLayout === PLAIN && (!leftTransposed || rows === 1)) {
    for (let row: usize = 0; row < rows; row++) {
      multiplyRow(inner, columns, left, right, start, out);
      left += inner << 2;
      start += startStride;
      out += columns << 2;
    }
    return;
  }
  const leftStride = (leftTransposed ? rows : inner) << 2;
  const rightStride = (rightLayout === TRANSPOSED ? inner : columns) << 2;
  const outStride = columns << 2;
  let block = packedLeft + BLOCK_ROWS * BLOCK_DEPTH * 4;
  if (rightLayout === PACKED) block = right;
  for (let column: usize = 0; column < columns; column += BLOCK_COLUMNS) {
    const width = min(BLOCK_COLUMNS, columns - column);
    for (let step: usize = 0; step < inner; step += BLOCK_DEPTH) {
      const depth = min(BLOCK_DEPTH, inner - step);
      if (rightLayout === PLAIN)
        packRight(width, depth, right + step * rightStride + (column << 2), rightStride, false, block);
      else if (rightLayout === TRANSPOSED)
        packRight(width, depth, right + column * rightStride + (step << 2), rightStride, true, block);
      for (let row: usize = 0; row < rows; row += BLOCK_ROWS) {
        const height = min(BLOCK_ROWS, rows - row);
        packLeft(
          height,
          depth,
          left + (leftTransposed ? step * leftStride + (row << 2) : row * leftStride + (step << 2)),
          leftStride,
          leftTransposed,
          packedLeft,
        );
        const at = out + row * outStride + (column << 2);
        let from = at;
        let fromStride = outStride;
        if (step === 0) {
          from = start === 0 ? zeros : start + row * startStride + (column << 2);
          fromStride = startStride;
        }
        multiplyBlock(
          height,
          width,
          depth,
          packedLeft,
          block,
          from,
          fromStride,
          start === 0 && step === 0,
          at,
          outStride,
          edge,
        );
      }
      if (rightLayout === PACKED) block += depth * roundUp(width) * 4;
    }
  }
}

/** What is left of a product without an inner dimension. */
function fillRows(rows: usize, bytes: usize, start: usize, startStride: usize, out: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    if (start === 0) memory.fill(out, 0, bytes);
    else memory.copy(out, start, bytes);
    start += startStride;
    out += bytes;
  }
}

function multiplyBlock(
  rows: usize,
  columns: usize,
  depth: usize,
  left: usize,
  right: usize,
  start: usize,
  startStride: usize,
  fromZeros: bool,
  out: usize,
  outStride: usize,
  edge: usize,
): void {
  for (let column: usize = 0; column < columns; column += TILE_COLUMNS) {
    const width = min(TILE_COLUMNS, columns - column);
    let panel = left;
    for (let row: usize = 0; row < rows; row += TILE_ROWS) {
      const height = min(TILE_ROWS, rows - row);
      const at = out + row * outStride + (column << 2);
      const from = fromZeros ? start : start + row * startStride + (column << 2);
      if (height === TILE_ROWS && width === TILE_COLUMNS) {
        multiplyTile(depth, panel, right, from, startStride, at, outStride);
      } else {
        if (!fromZeros) copyTile(height, width, from, startStride, edge, TILE_COLUMNS << 2);
        multiplyTile(
          depth,
          panel,
          right,
          fromZeros ? from : edge,
          fromZeros ? 0 : TILE_COLUMNS << 2,
          edge,
          TILE_COLUMNS << 2,
        );
        copyTile(height, width, edge, TILE_COLUMNS << 2, at, outStride);
      }
      panel += depth << 4;
    }
    right += depth << 5;
  }
}

function copyTile(rows: usize, columns: usize, from: usize, fromStride: usize, to: usize, toStride: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    for (let column: usize = 0; column < columns << 2; column += 4) store<f32>(to + column, load<f32>(from + column));
    from += fromStride;
    to += toStride;
  }
}

function roundUp(columns: usize): usize {
  return (columns + TILE_COLUMNS - 1) & ~(TILE_COLUMNS - 1);
}
