/** Recurrent networks written out in float64, one number at a time: the oracle of the fused and the portable ones. */

import { gateCounts, type RecurrentCell } from '../../engine/recurrence.ts';

/** Shapes and mask of a sequence; the numbers come apart from it. */
export interface PlainSequence {
  readonly cell: RecurrentCell;
  readonly batch: number;
  readonly length: number;
  readonly size: number;
  readonly units: number;
  readonly mask: readonly boolean[];
  readonly reverse: boolean;
  readonly returns: 'last' | 'states';
}

/** Lengths of words, input, hidden, bias and, for the GRU, hiddenBias, all row-major. */
export function numbersOf({ cell, batch, length, size, units }: PlainSequence): number[] {
  const columns = gateCounts[cell] * units;
  return [batch * length * size, size * columns, units * columns, columns, ...(cell === 'gru' ? [columns] : [])];
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export function plainSequence(sequence: PlainSequence, numbers: readonly ArrayLike<number>[]): number[] {
  const { cell, batch, length, units, mask, reverse, returns } = sequence;
  const states: number[] = new Array(batch * length * units).fill(0);
  const last: number[] = [];
  for (let sentence = 0; sentence < batch; sentence++) {
    let h: number[] = new Array(units).fill(0);
    let c: number[] = new Array(units).fill(0);
    const steps = Array.from({ length }, (_, step) => (reverse ? length - 1 - step : step));
    for (const step of steps) {
      const word = sentence * length + step;
      if (!mask[word]) continue;
      const x = (gate: number, unit: number) => fromWord(sequence, numbers, word, gate * units + unit);
      const u = (gate: number, unit: number) => fromState(sequence, numbers, h, gate * units + unit);
      const all = Array.from({ length: units }, (_, unit) => unit);
      if (cell === 'lstm') {
        c = all.map(
          (i) => sigmoid(x(1, i) + u(1, i)) * c[i]! + sigmoid(x(0, i) + u(0, i)) * Math.tanh(x(2, i) + u(2, i)),
        );
        h = all.map((i) => sigmoid(x(3, i) + u(3, i)) * Math.tanh(c[i]!));
      } else if (cell === 'gru') {
        h = all.map((i) => {
          const z = sigmoid(x(1, i) + u(1, i));
          return (1 - z) * Math.tanh(x(2, i) + sigmoid(x(0, i) + u(0, i)) * u(2, i)) + z * h[i]!;
        });
      } else if (cell === 'tanh') h = all.map((i) => Math.tanh(x(0, i) + u(0, i)));
      else h = all.map((i) => Math.max(0, x(0, i) + u(0, i)));
      for (const i of all) states[word * units + i] = h[i]!;
    }
    last.push(...h);
  }
  return returns === 'last' ? last : states;
}

type Numbers = readonly ArrayLike<number>[];

function fromWord(
  { cell, size, units }: PlainSequence,
  [words, input, , bias]: Numbers,
  word: number,
  at: number,
): number {
  let sum = bias![at]!;
  for (let i = 0; i < size; i++) sum += words![word * size + i]! * input![i * gateCounts[cell] * units + at]!;
  return sum;
}

function fromState({ cell, units }: PlainSequence, numbers: Numbers, state: number[], at: number): number {
  const [hidden, hiddenBias] = [numbers[2]!, numbers[4]];
  let sum = hiddenBias?.[at] ?? 0;
  for (let i = 0; i < units; i++) sum += state[i]! * hidden[i * gateCounts[cell] * units + at]!;
  return sum;
}
