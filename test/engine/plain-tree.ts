/** The binary TreeLSTM written out in float64, one number at a time: the oracle of all that builds trees. */

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** `weights[column]` of a row-major matrix times `inputs`, and the bias. */
function sumsOf(inputs: readonly number[], weights: ArrayLike<number>, bias: ArrayLike<number>): number[] {
  return Array.from(bias, (start, column) =>
    inputs.reduce((sum, input, row) => sum + input * weights[row * bias.length + column]!, start),
  );
}

/**
 * One node of two, each its state and then its cell.
 *
 * @param tracking the tracker's state, empty where there is none
 */
export function plainReduce(
  left: readonly number[],
  right: readonly number[],
  tracking: readonly number[],
  weights: ArrayLike<number>,
  bias: ArrayLike<number>,
): number[] {
  const units = left.length / 2;
  const sums = sumsOf([...left.slice(0, units), ...right.slice(0, units), ...tracking], weights, bias);
  const gate = (index: number, unit: number): number => sums[index * units + unit]!;
  const cell = Array.from({ length: units }, (_, unit) => {
    const kept = sigmoid(gate(1, unit)) * left[units + unit]! + sigmoid(gate(2, unit)) * right[units + unit]!;
    return sigmoid(gate(0, unit)) * Math.tanh(gate(4, unit)) + kept;
  });
  return [...cell.map((c, unit) => sigmoid(gate(3, unit)) * Math.tanh(c)), ...cell];
}
