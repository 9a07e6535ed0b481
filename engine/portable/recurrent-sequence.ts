/**
 * Recurrent networks in TensorFlow.js's operations, for engines that do not run our kernels. The words of all steps are
 * multiplied in one product, and each gradient of a weight is one over all steps; the rest goes step by step over the
 * whole batch, where padding leaves states as they are.
 */

import * as tf from '@tensorflow/tfjs-core';
import type { RecurrentSequence } from '../recurrence.ts';
import { type Carried, type Cell, cells } from './cells.ts';

export function portableSequence(sequence: RecurrentSequence): tf.Tensor {
  const { words, weights, mask } = sequence;
  const operation = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const inputs = args.slice(0, -1) as tf.Tensor[];
    const { value, saved } = runForward(sequence, inputs, mask);
    save(saved);
    return { value, gradFunc: (dy, saved) => runBackward(sequence, dy as tf.Tensor, saved) };
  });
  const { input, hidden, bias, hiddenBias } = weights;
  return operation(words, input, hidden, bias, ...(hiddenBias ? [hiddenBias] : []));
}

/** The steps in the order in which they are taken. */
function stepsOf({ words, reverse = false }: RecurrentSequence): number[] {
  const steps = [...new Array(words.shape[1]).keys()];
  return reverse ? steps.reverse() : steps;
}

function runForward(sequence: RecurrentSequence, inputs: tf.Tensor[], mask: tf.Tensor2D) {
  const { cell: name, returns } = sequence;
  const [words, input, hidden, bias, hiddenBias] = inputs as [tf.Tensor3D, ...tf.Tensor2D[]];
  const [batch, length, size] = words.shape;
  const [units, columns] = hidden!.shape;
  const cell = cells[name];
  // Whatever stands at padding, NaN even, it must not get into a product. Time comes first from here on, so that a step
  // is a block of memory.
  const real = tf.where(tf.expandDims(mask, 2), words, tf.zerosLike(words));
  const byTime = tf.reshape(tf.transpose(real, [1, 0, 2]), [length * batch, size]);
  const sums = tf.reshape(tf.add(tf.matMul(byTime, input!), bias!), [length, batch, columns]);
  const isWord = tf.reshape(tf.cast(tf.transpose(mask), 'float32'), [length, batch, 1]);
  const [sumsOf, moves] = [tf.unstack(sums), tf.unstack(isWord)] as [tf.Tensor2D[], tf.Tensor2D[]];
  const zeros = tf.zeros([batch, units]) as tf.Tensor2D;
  let carried: Carried = new Array(cell.carries).fill(zeros);
  const kept: tf.Tensor2D[] = [];
  const befores: tf.Tensor2D[] = [];
  const states: tf.Tensor2D[] = new Array(length);
  for (const step of stepsOf(sequence)) {
    befores.push(carried[0]!);
    const taken = cell.forward(sumsOf[step]!, carried, hidden!, hiddenBias);
    kept.push(...taken.kept);
    carried = carried.map((before, i) => tf.add(before, tf.mul(moves[step]!, tf.sub(taken.next[i]!, before))));
    if (returns === 'states') states[step] = tf.mul(carried[0]!, moves[step]!);
  }
  const value = returns === 'last' ? tf.clone(carried[0]!) : stack(states, [batch, length, units], 1);
  return { value, saved: [byTime, input!, hidden!, isWord, stack(befores, [length, batch, units], 0), ...kept] };
}

function runBackward(sequence: RecurrentSequence, dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] {
  const [byTime, input, hidden, isWord, befores, ...kept] = saved as [...tf.Tensor2D[]];
  const [batch, length, size] = sequence.words.shape;
  const [units, columns] = hidden!.shape;
  const cell = cells[sequence.cell];
  const steps = stepsOf(sequence);
  const moves = tf.unstack(isWord!) as tf.Tensor2D[];
  const dOutputs = sequence.returns === 'states' ? (tf.unstack(dy, 1) as tf.Tensor2D[]) : undefined;
  const transposed = tf.transpose(hidden!);
  const zeros = tf.zeros([batch, units]) as tf.Tensor2D;
  let dCarried: Carried = [dOutputs ? zeros : (dy as tf.Tensor2D), ...new Array(cell.carries - 1).fill(zeros)];
  const dSums: tf.Tensor2D[] = new Array(length);
  const dProducts: tf.Tensor2D[] = new Array(length);
  for (let taken = length - 1; taken >= 0; taken--) {
    const step = steps[taken]!;
    const move = moves[step]!;
    if (dOutputs) dCarried = dCarried.with(0, tf.add(dCarried[0]!, tf.mul(dOutputs[step]!, move)) as tf.Tensor2D);
    // At padding nothing moves: what is handed on has the gradient of what came.
    const dNext: Carried = dCarried.map((d) => tf.mul(d, move));
    const back = cell.back(dNext, keptAt(cell, kept, taken));
    dSums[step] = back.dSums;
    dProducts[taken] = back.dProduct;
    const throughProduct = tf.matMul(back.dProduct, transposed);
    dCarried = dCarried.map((d, i) => {
      const parts = [tf.sub(d, dNext[i]!), back.dBefore[i], i === 0 ? throughProduct : undefined];
      return tf.addN(parts.filter((part) => part !== undefined)) as tf.Tensor2D;
    });
  }
  const d = tf.reshape(stack(dSums, [length, batch, columns], 0), [length * batch, columns]);
  const dProduct = tf.reshape(stack(dProducts, [length, batch, columns], 0), [length * batch, columns]);
  const dWords = tf.reshape(tf.matMul(d, input!, false, true), [length, batch, size]);
  return [
    tf.transpose(dWords, [1, 0, 2]),
    tf.matMul(byTime!, d, true),
    tf.matMul(tf.reshape(befores!, [length * batch, units]), dProduct, true),
    tf.sum(d, 0),
    ...(sequence.weights.hiddenBias ? [tf.sum(dProduct, 0)] : []),
  ];
}

function keptAt({ keeps }: Cell, kept: tf.Tensor2D[], taken: number): tf.Tensor2D[] {
  return kept.slice(taken * keeps, (taken + 1) * keeps);
}

/** Stacked, also where there are none. */
function stack(tensors: tf.Tensor2D[], shape: [number, number, number], axis: number): tf.Tensor3D {
  return tensors.length > 0 ? (tf.stack(tensors, axis) as tf.Tensor3D) : tf.zeros(shape);
}
