/** Matrices as lists of rows, in float64, one number at a time. */

export type Rows = readonly (readonly number[])[];

export function rowsOf(values: ArrayLike<number>, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, row) =>
    Array.from({ length: width }, (_, column) => values[row * width + column]!),
  );
}

export function times(a: Rows, b: Rows): number[][] {
  return a.map((row) => b[0]!.map((_, column) => row.reduce((sum, x, k) => sum + x * b[k]![column]!, 0)));
}

export function transposed(a: Rows): number[][] {
  return a[0]!.map((_, column) => a.map((row) => row[column]!));
}

/** Over the words of the mask alone; without any it is 0. */
export function plainSoftmax(scores: readonly number[], mask: readonly number[]): number[] {
  const powers = scores.map((score, i) => (mask[i] ? Math.exp(score) : 0));
  const sum = powers.reduce((total, x) => total + x, 0);
  return powers.map((power) => (sum === 0 ? 0 : power / sum));
}
