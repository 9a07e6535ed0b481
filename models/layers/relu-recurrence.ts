import {
  add,
  customGrad,
  type GradSaveFunc,
  matMul,
  mul,
  relu,
  reshape,
  stack,
  step,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  transpose,
  unstack,
  zerosLike,
} from '@tensorflow/tfjs-core';

/**
 * The recurrence `c(t) = relu(x(t) + h(t-1) · W)`, `h(t) = c(t) + padding(t) * h(t-1)` from `h = 0`, with a backward
 * pass of its own (back-propagation through time): a step back takes five operations, and the gradient of `W` is one
 * product over all steps.
 *
 * At a padded step `x` must be so low that `c` is 0 whatever the state, so that `h` stays as it was. This takes the
 * mask out of the recurrence but for one product and sum.
 *
 * @param projected `x`, `[length, batch, units]`
 * @param recurrent `W`, `[units, units]`
 * @param padding 1 where a step is padding, else 0, `[length, batch, 1]`; has no gradient
 * @returns the last `h`, `[batch, units]`
 */
export function reluRecurrence(projected: Tensor3D, recurrent: Tensor2D, padding: Tensor3D): Tensor2D {
  const operation = customGrad((...args) => {
    const [projected, recurrent, save] = args as unknown as [Tensor3D, Tensor2D, GradSaveFunc];
    const { states, candidates } = runForward(projected, recurrent, padding);
    const before = [zerosLike(states[0]!), ...states.slice(0, -1)];
    save([recurrent, padding, stack(before), ...candidates]);
    return { value: states.at(-1)!, gradFunc: runBackward as (dy: Tensor, saved: Tensor[]) => Tensor[] };
  });
  return operation(projected, recurrent) as Tensor2D;
}

function runForward(projected: Tensor3D, recurrent: Tensor2D, padding: Tensor3D) {
  const paddings = unstack(padding);
  const candidates: Tensor[] = [];
  const states: Tensor[] = [];
  for (const [t, x] of unstack(projected).entries()) {
    const before = states.at(-1);
    const candidate = relu(before === undefined ? x : add(x, matMul(before as Tensor2D, recurrent)));
    candidates.push(candidate);
    states.push(before === undefined ? candidate : add(candidate, mul(before, paddings[t]!)));
  }
  return { states, candidates };
}

function runBackward(dy: Tensor, saved: Tensor[]): Tensor[] {
  const [recurrent, padding, before, ...candidates] = saved as [Tensor2D, Tensor3D, Tensor3D, ...Tensor2D[]];
  const paddings = unstack(padding);
  const transposed = transpose(recurrent);
  const dx: Tensor[] = new Array(candidates.length);
  let dh = dy as Tensor2D;
  for (let t = candidates.length - 1; t >= 0; t--) {
    // A candidate is above 0 where relu let it through, which it never does at a padded step.
    const d = mul(dh, step(candidates[t]!)) as Tensor2D;
    dx[t] = d;
    if (t > 0) dh = add(matMul(d, transposed), mul(dh, paddings[t]!));
  }
  const dProjected = stack(dx);
  const units = recurrent.shape[0];
  const dRecurrent = matMul(transpose(reshape(before, [-1, units])), reshape(dProjected, [-1, units]));
  return [dProjected, dRecurrent];
}
