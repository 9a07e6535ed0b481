/**
 * Trees of whole sentences in TensorFlow.js's operations, for engines that do not run our kernels. All nodes are one
 * table that grows by what each step makes; each step gathers from it once. The gradients are the tape's.
 */

import * as tf from '@tensorflow/tfjs-core';
import type { RecurrentWeights } from '../recurrence.ts';
import type { ShiftReduce } from '../tree.ts';
import { planTrees } from '../tree-plan.ts';
import { portableTreeReduce } from './tree-reduce.ts';

export function portableShiftReduce({ words, moves, weights, tracker }: ShiftReduce): tf.Tensor2D {
  const [batch, length, width] = words.shape;
  const plan = planTrees(moves, length, tracker !== undefined);
  return tf.tidy(() => {
    // Row 0 is 0, for what is not there: node n is row n + 1.
    let table = tf.concat2d([tf.zeros([1, width]), tf.reshape(words, [batch * length, width])], 0);
    let tracked: Tracked | undefined;
    let [made, seen] = [0, 0];
    for (const [step, rows] of plan.counts.entries()) {
      const running = plan.seen[step] ?? 0;
      const nodes = [
        ...[plan.left, plan.right].map((list) => list.subarray(made, made + rows)),
        ...[plan.next, plan.top, plan.second].map((list) => list.subarray(seen, seen + running)),
      ].flatMap((list) => [...list]);
      const gathered = gatherNodes(table, nodes);
      const [left, right, ...inputs] = partsOf(gathered, [rows, rows, running, running, running]);
      if (tracker) {
        const states = inputs.map((part) => tf.slice2d(part!, [0, 0], [running, width / 2]));
        tracked = track(tracker, tf.concat2d(states, 1), tracked);
      }
      if (rows > 0) {
        const states = plan.states.subarray(made, made + rows).map((state) => state - seen);
        const tracking = tracked && (tf.gather(tracked.state, tf.tensor1d(states, 'int32')) as tf.Tensor2D);
        const node = portableTreeReduce({ left: left!, right: right!, weights, ...(tracking && { tracking }) });
        table = tf.concat2d([table, node], 0);
      }
      made += rows;
      seen += running;
    }
    const states = tf.slice2d(gatherNodes(table, [...plan.roots]), [0, 0], [batch, width / 2]);
    return made > 0 ? states : withUnused(states, [weights, ...(tracker ? [tracker] : [])].flatMap(Object.values));
  });
}

/** The same, with a gradient of 0 for weights that no sentence had two words for: the tape would give them none. */
function withUnused(states: tf.Tensor2D, weights: readonly tf.Tensor[]): tf.Tensor2D {
  const operation = tf.customGrad((...args) => {
    const value = tf.clone(args[0] as tf.Tensor);
    return { value, gradFunc: (dy) => [dy as tf.Tensor, ...weights.map((weight) => tf.zerosLike(weight))] };
  });
  return operation(states, ...weights) as tf.Tensor2D;
}

function gatherNodes(table: tf.Tensor2D, nodes: readonly number[]): tf.Tensor2D {
  return tf.gather(
    table,
    tf.tensor1d(
      nodes.map((node) => node + 1),
      'int32',
    ),
  );
}

/** Rows apart again; of no rows there is no tensor. */
function partsOf(rows: tf.Tensor2D, counts: readonly number[]): (tf.Tensor2D | undefined)[] {
  let first = 0;
  return counts.map((count) => {
    first += count;
    return count === 0 ? undefined : tf.slice2d(rows, [first - count, 0], [count, -1]);
  });
}

interface Tracked {
  readonly state: tf.Tensor2D;
  readonly cell: tf.Tensor2D;
}

/** A step of the tracker; sentences that ran before and do not any more are the last rows of `before`. */
function track({ input, hidden, bias }: RecurrentWeights, inputs: tf.Tensor2D, before: Tracked | undefined): Tracked {
  const running = (rows: tf.Tensor2D) => tf.slice2d(rows, [0, 0], [inputs.shape[0], -1]);
  const words = tf.add(tf.matMul(inputs, input), bias);
  const sums = before ? tf.add(words, tf.matMul(running(before.state), hidden)) : words;
  const [i, f, g, o] = tf.split(sums, 4, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const taken = tf.mul(tf.sigmoid(i), tf.tanh(g)) as tf.Tensor2D;
  const cell = before ? (tf.add(taken, tf.mul(tf.sigmoid(f), running(before.cell))) as tf.Tensor2D) : taken;
  return { state: tf.mul(tf.sigmoid(o), tf.tanh(cell)), cell };
}
