import { multiplyAdd } from './arithmetic';
import { read, write } from './lanes';

/**
 * One row times a matrix, `out = start + left · right`. Each number of the matrix is needed once, so that to pack it
 * first would take longer than the product.
 *
 * @param start address of a row, or 0 for zeros
 */
export function multiplyRow(inner: usize, columns: usize, left: usize, right: usize, start: usize, out: usize): void {
  const stride = columns << 2;
  const end = left + (inner << 2);
  let column: usize = 0;
  for (const wide = (columns & ~15) << 2; column < wide; column += 64) {
    let sum0 = f32x4.splat(0);
    let sum1 = sum0;
    let sum2 = sum0;
    let sum3 = sum0;
    if (start !== 0) {
      sum0 = v128.load(start + column);
      sum1 = v128.load(start + column, 16);
      sum2 = v128.load(start + column, 32);
      sum3 = v128.load(start + column, 48);
    }
    let from = right + column;
    for (let at = left; at < end; at += 4) {
      const factor = v128.load32_splat(at);
      sum0 = multiplyAdd(factor, v128.load(from), sum0);
      sum1 = multiplyAdd(factor, v128.load(from, 16), sum1);
      sum2 = multiplyAdd(factor, v128.load(from, 32), sum2);
      sum3 = multiplyAdd(factor, v128.load(from, 48), sum3);
      from += stride;
    }
    v128.store(out + column, sum0);
    v128.store(out + column, sum1, 16);
    v128.store(out + column, sum2, 32);
    v128.store(out + column, sum3, 48);
  }
  for (; column < stride; column += 4) {
    let sum = start === 0 ? f32x4.splat(0) : read<f32>(start + column);
    let from = right + column;
    for (let at = left; at < end; at += 4) {
      sum = multiplyAdd(read<f32>(at), read<f32>(from), sum);
      from += stride;
    }
    write<f32>(out + column, sum);
  }
}
