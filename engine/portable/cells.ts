/**
 * A step of each recurrent cell and the step back, in TensorFlow.js's operations. The gradients are written out: the tape
 * would take three times as many operations.
 */

import {
  add,
  concat,
  matMul,
  mul,
  relu,
  sigmoid,
  split,
  square,
  step,
  sub,
  type Tensor2D,
  tanh,
} from '@tensorflow/tfjs-core';
import type { RecurrentCell } from '../recurrence.ts';

/** What a step hands to the next: the state `[B, H]`, and for the LSTM its cell. */
export type Carried = readonly Tensor2D[];

export interface StepForward {
  readonly next: Carried;
  /** What the step back needs. */
  readonly kept: readonly Tensor2D[];
}

export interface StepBack {
  /** Gradient of what the word brings to the gates' sums, `[B, G * H]`. */
  readonly dSums: Tensor2D;
  /** Gradient of `state · hidden`, `[B, G * H]`. */
  readonly dProduct: Tensor2D;
  /** Gradients of what came from the step before, but for what goes through that product. */
  readonly dBefore: readonly (Tensor2D | undefined)[];
}

export interface Cell {
  /** How many tensors are handed on. */
  readonly carries: number;
  /** How many are kept. */
  readonly keeps: number;
  forward(sums: Tensor2D, before: Carried, hidden: Tensor2D, hiddenBias: Tensor2D | undefined): StepForward;
  back(dNext: Carried, kept: readonly Tensor2D[]): StepBack;
}

type Two = [Tensor2D, Tensor2D];
type Three = [...Two, Tensor2D];
type Four = [...Three, Tensor2D];

/** The slope of a sigmoid, from its value. */
const sigmoidSlope = (y: Tensor2D): Tensor2D => mul(y, sub(1, y));

/** The slope of tanh, from its value. */
const tanhSlope = (y: Tensor2D): Tensor2D => sub(1, square(y));

function elman(activation: (x: Tensor2D) => Tensor2D, slope: (y: Tensor2D) => Tensor2D): Cell {
  return {
    carries: 1,
    keeps: 1,
    forward(sums, [state], hidden) {
      const next = activation(add(sums, matMul(state!, hidden)));
      return { next: [next], kept: [next] };
    },
    back([dState], [state]) {
      const d = mul(dState!, slope(state!)) as Tensor2D;
      return { dSums: d, dProduct: d, dBefore: [undefined] };
    },
  };
}

const lstm: Cell = {
  carries: 2,
  keeps: 6,
  forward(sums, [state, before], hidden) {
    const [i, f, g, o] = split(add(sums, matMul(state!, hidden)), 4, 1) as Four;
    const [input, forget, candidate, output] = [sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)];
    const cell = add(mul(forget, before!), mul(input, candidate)) as Tensor2D;
    const squashed = tanh(cell);
    return { next: [mul(output, squashed), cell], kept: [input, forget, candidate, output, squashed, before!] };
  },
  back([dState, dNext], kept) {
    const [input, forget, candidate, output, squashed, before] = kept as [...Four, ...Two];
    const dCell = add(dNext!, mul(mul(dState!, output), tanhSlope(squashed)));
    const d = concat(
      [
        mul(mul(dCell, candidate), sigmoidSlope(input)),
        mul(mul(dCell, before), sigmoidSlope(forget)),
        mul(mul(dCell, input), tanhSlope(candidate)),
        mul(mul(dState!, squashed), sigmoidSlope(output)),
      ] as Four,
      1,
    );
    return { dSums: d, dProduct: d, dBefore: [undefined, mul(dCell, forget)] };
  },
};

const gru: Cell = {
  carries: 1,
  keeps: 5,
  forward(sums, [before], hidden, hiddenBias) {
    const [r, z, n] = split(sums, 3, 1) as Three;
    const [shareOfReset, shareOfUpdate, share] = split(add(matMul(before!, hidden), hiddenBias!), 3, 1) as Three;
    const [reset, update] = [sigmoid(add(r, shareOfReset)), sigmoid(add(z, shareOfUpdate))] as Two;
    const candidate = tanh(add(n, mul(reset, share))) as Tensor2D;
    const next = add(candidate, mul(update, sub(before!, candidate))) as Tensor2D;
    return { next: [next], kept: [reset, update, candidate, share, before!] };
  },
  back([dState], kept) {
    const [reset, update, candidate, share, before] = kept as [...Three, ...Two];
    const dCandidate = mul(mul(dState!, sub(1, update)), tanhSlope(candidate)) as Tensor2D;
    const dUpdate = mul(mul(dState!, sub(before, candidate)), sigmoidSlope(update)) as Tensor2D;
    const dReset = mul(mul(dCandidate, share), sigmoidSlope(reset)) as Tensor2D;
    return {
      dSums: concat([dReset, dUpdate, dCandidate], 1),
      dProduct: concat([dReset, dUpdate, mul(dCandidate, reset) as Tensor2D], 1),
      dBefore: [mul(dState!, update)],
    };
  },
};

export const cells: Record<RecurrentCell, Cell> = { relu: elman(relu, step), tanh: elman(tanh, tanhSlope), lstm, gru };
