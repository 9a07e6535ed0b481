import { multiplyAdd } from './arithmetic';
import { read, wideBytes, write } from './lanes';

/**
 * One row times a matrix, `out = start + left · right`. Each number of the matrix is needed once: to pack it first would
 * take longer than the product, and four of its rows at a time are read as they lie.
 *
 * @param start address of a row, or 0 for zeros
 */
export function multiplyRow(inner: usize, columns: usize, left: usize, right: usize, start: usize, out: usize): void {
  const width = columns << 2;
  if (start === 0) memory.fill(out, 0, width);
  else memory.copy(out, start, width);
  let step: usize = 0;
  for (; step + 4 <= inner; step += 4) {
    addFourRows(left, right, width, columns, out);
    left += 16;
    right += 4 * width;
  }
  for (; step < inner; step++) {
    addRow(left, right, columns, out);
    left += 4;
    right += width;
  }
}

function addFourRows(left: usize, right: usize, width: usize, columns: usize, out: usize): void {
  const factor0 = v128.load32_splat(left);
  const factor1 = v128.load32_splat(left, 4);
  const factor2 = v128.load32_splat(left, 8);
  const factor3 = v128.load32_splat(left, 12);
  const right1 = right + width;
  const right2 = right1 + width;
  const right3 = right2 + width;
  let at: usize = 0;
  for (const wide = wideBytes(columns); at < wide; at += 16) {
    let sum = multiplyAdd(factor0, v128.load(right + at), v128.load(out + at));
    sum = multiplyAdd(factor1, v128.load(right1 + at), sum);
    sum = multiplyAdd(factor2, v128.load(right2 + at), sum);
    v128.store(out + at, multiplyAdd(factor3, v128.load(right3 + at), sum));
  }
  for (; at < width; at += 4) {
    let sum = multiplyAdd(factor0, read<f32>(right + at), read<f32>(out + at));
    sum = multiplyAdd(factor1, read<f32>(right1 + at), sum);
    sum = multiplyAdd(factor2, read<f32>(right2 + at), sum);
    write<f32>(out + at, multiplyAdd(factor3, read<f32>(right3 + at), sum));
  }
}

function addRow(left: usize, right: usize, columns: usize, out: usize): void {
  const factor = v128.load32_splat(left);
  const end = out + (columns << 2);
  const wideEnd = out + wideBytes(columns);
  for (; out < wideEnd; out += 16, right += 16) {
    write<v128>(out, multiplyAdd(factor, read<v128>(right), read<v128>(out)));
  }
  for (; out < end; out += 4, right += 4) write<f32>(out, multiplyAdd(factor, read<f32>(right), read<f32>(out)));
}
