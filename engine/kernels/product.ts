import type { Kernels } from './exports.ts';

/** A matrix product, `out = bias + left · right`, by addresses. */
export interface Product {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** `[rows, inner]`, or `[inner, rows]` if transposed. */
  readonly left: number;
  readonly leftTransposed?: boolean;
  /** `[inner, columns]`, or `[columns, inner]` if transposed. */
  readonly right: number;
  readonly rightTransposed?: boolean;
  /** A row that each row's sums start from; default zeros. */
  readonly bias?: number | undefined;
  /** Must not overlap the others. */
  readonly out: number;
}

/** Multiplies by our own kernel, 64 KiB and 512 KiB of the matrices at a time. */
export function multiply({ run, scratch }: Kernels, product: Product): void {
  const { rows, inner, columns, left, right, bias = 0, out } = product;
  const leftTransposed = Number(product.leftTransposed ?? false);
  const rightTransposed = Number(product.rightTransposed ?? false);
  run.multiply(rows, inner, columns, left, leftTransposed, right, rightTransposed, bias, 0, out, scratch);
}
