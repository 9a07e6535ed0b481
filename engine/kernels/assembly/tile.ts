import { multiplyAdd } from './arithmetic';

/** Rows and columns of what one call computes: its eight accumulators are as many as sixteen registers have room for. */
export const TILE_ROWS: usize = 4;
export const TILE_COLUMNS: usize = 8;

/**
 * A tile of a product, `out = start + left · right`, all of whose sums stay in registers.
 *
 * @param inner how many products each sum has
 * @param left for each of them four numbers, a column of the left matrix
 * @param right for each of them eight numbers, a row of the right matrix
 * @param start where the sums start from; as with `out`, the stride is the distance of its rows in bytes, and 0 is one
 *   row for all
 */
export function multiplyTile(
  inner: usize,
  left: usize,
  right: usize,
  start: usize,
  startStride: usize,
  out: usize,
  outStride: usize,
): void {
  let sum00 = v128.load(start);
  let sum01 = v128.load(start, 16);
  start += startStride;
  let sum10 = v128.load(start);
  let sum11 = v128.load(start, 16);
  start += startStride;
  let sum20 = v128.load(start);
  let sum21 = v128.load(start, 16);
  start += startStride;
  let sum30 = v128.load(start);
  let sum31 = v128.load(start, 16);
  const end = left + (inner << 4);
  while (left < end) {
    const right0 = v128.load(right);
    const right1 = v128.load(right, 16);
    let row = v128.load32_splat(left);
    sum00 = multiplyAdd(row, right0, sum00);
    sum01 = multiplyAdd(row, right1, sum01);
    row = v128.load32_splat(left, 4);
    sum10 = multiplyAdd(row, right0, sum10);
    sum11 = multiplyAdd(row, right1, sum11);
    row = v128.load32_splat(left, 8);
    sum20 = multiplyAdd(row, right0, sum20);
    sum21 = multiplyAdd(row, right1, sum21);
    row = v128.load32_splat(left, 12);
    sum30 = multiplyAdd(row, right0, sum30);
    sum31 = multiplyAdd(row, right1, sum31);
    left += 16;
    right += 32;
  }
  v128.store(out, sum00);
  v128.store(out, sum01, 16);
  out += outStride;
  v128.store(out, sum10);
  v128.store(out, sum11, 16);
  out += outStride;
  v128.store(out, sum20);
  v128.store(out, sum21, 16);
  out += outStride;
  v128.store(out, sum30);
  v128.store(out, sum31, 16);
}
