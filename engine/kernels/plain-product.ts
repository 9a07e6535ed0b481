import type { Product } from './product.ts';

/** What {@link multiply} does, in JavaScript and in float64: the measure of our kernels, and their stand-in. */
export function multiplyPlainly(heap: ArrayBuffer, product: Product): void {
  const { rows, inner, columns, leftTransposed, rightTransposed } = product;
  const left = new Float32Array(heap, product.left, rows * inner);
  const right = new Float32Array(heap, product.right, inner * columns);
  const bias = product.bias ? new Float32Array(heap, product.bias, columns) : new Float32Array(columns);
  const out = new Float32Array(heap, product.out, rows * columns);
  const sums = new Float64Array(columns);
  const [leftRow, leftStep] = leftTransposed ? [1, rows] : [inner, 1];
  const [rightStep, rightColumn] = rightTransposed ? [1, inner] : [columns, 1];
  for (let row = 0; row < rows; row++) {
    sums.set(bias);
    for (let step = 0; step < inner; step++) {
      const factor = left[row * leftRow + step * leftStep]!;
      for (let column = 0; column < columns; column++) {
        sums[column]! += factor * right[step * rightStep + column * rightColumn]!;
      }
    }
    out.set(sums, row * columns);
  }
}
