/** A step of a binary TreeLSTM over many pairs of nodes, as one differentiable operation. */

import { backend, type Tensor2D } from '@tensorflow/tfjs-core';
import { checkTensor } from './check-tensor.ts';
import { kernelsOf } from './kernels/kernels.ts';
import { fusedTreeReduce } from './kernels/tree-reduce.ts';
import { portableTreeReduce } from './portable/tree-reduce.ts';
import { TREE_GATES, type TreeReduce, type TreeWeights } from './tree.ts';

/**
 * Makes one node of two, for each of `N` pairs: the binary TreeLSTM (Tai, Socher and Manning 2015, section 3.2; Bowman et
 * al. 2016, section 2.2), `c' = σ(i) tanh(g) + σ(f_l) c_l + σ(f_r) c_r`, `h' = σ(o) tanh(c')`, with i, f_l, f_r, o and g
 * of `[h_l, h_r, tracking] · input + bias`.
 *
 * @returns `[N, 2H]`, with gradients for the nodes, the tracker's states and all weights
 * @throws MillraceError `MILLRACE_SHAPE` when the shapes do not fit one another
 */
export function treeReduce(reduce: TreeReduce): Tensor2D {
  const { left, right, tracking, weights } = reduce;
  const [rows, width] = left.shape;
  checkTensor('a tree', 'left', left, [rows, width]);
  checkTensor('a tree', 'right', right, [rows, width]);
  if (tracking) checkTensor('a tree', 'tracking', tracking, [rows, tracking.shape[1]]);
  checkTreeWeights(weights, width / 2, tracking?.shape[1] ?? 0);
  const kernels = kernelsOf(backend());
  return kernels ? fusedTreeReduce(kernels, reduce) : portableTreeReduce(reduce);
}

/** @throws MillraceError `MILLRACE_SHAPE` */
export function checkTreeWeights({ input, bias }: TreeWeights, units: number, tracked: number): void {
  checkTensor('a tree', 'input', input, [2 * units + tracked, TREE_GATES * units]);
  checkTensor('a tree', 'bias', bias, [TREE_GATES * units]);
}
