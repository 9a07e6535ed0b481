/**
 * `GatherV2`. With batch axes each example of a batch is indexed by its own row of indices; the wasm backend steps
 * through them as if there were no batch axis, and gathers from elsewhere. Without, it works out the place of every
 * single element, where a row is one copy. And on every backend the gradient with batch axes calls methods of tensors
 * that only the union package of TensorFlow.js defines.
 */

import * as tf from '@tensorflow/tfjs-core';
import { MillraceError } from '../../pipeline/errors.ts';
import { copyInHeap, type WasmBackend } from '../wasm-backend.ts';
import type { Repair } from './repair.ts';

interface Inputs {
  readonly x: tf.TensorInfo;
  readonly indices: tf.TensorInfo;
}

interface Attrs {
  readonly axis: number;
  readonly batchDims: number;
}

export const wasmGather: Repair<WasmBackend, Inputs, Attrs> = {
  kernel: tf.GatherV2,
  backend: 'wasm',
  make: (original) => (call) => {
    const { backend, inputs, attrs } = call;
    if (inputs.x.dtype === 'string') return original(call);
    const axis = tf.util.parseAxisParam(attrs.axis, inputs.x.shape)[0]!;
    const { batchSize, outerSize, dimSize, sliceSize, outputShape } =
      tf.backend_util.segment_util.collectGatherOpShapeInfo(
        inputs.x as tf.Tensor,
        inputs.indices as tf.Tensor,
        axis,
        attrs.batchDims,
      );
    const out = backend.makeOutput(outputShape, inputs.x.dtype);
    const indices = backend.typedArrayFromHeap(inputs.indices);
    const copy = copyInHeap(backend, inputs.x, out);
    const chosen = indices.length / batchSize;
    let end = 0;
    for (let batch = 0; batch < batchSize; batch++) {
      for (let outer = 0; outer < outerSize; outer++) {
        for (let i = 0; i < chosen; i++) {
          const index = indices[batch * chosen + i]!;
          if (index < 0 || index >= dimSize) throw outOfRange(index, dimSize);
          copy(((batch * outerSize + outer) * dimSize + index) * sliceSize, sliceSize, end);
          end += sliceSize;
        }
      }
    }
    return out;
  },
};

function outOfRange(index: number, length: number): MillraceError {
  return new MillraceError('MILLRACE_SHAPE', 'gather was given an index outside its axis', {
    expected: `0 to ${length - 1}`,
    found: index,
  });
}

const repairs = new WeakSet<tf.GradConfig>();

/** Replaces the gradient of gather along the first axis after the batch axes, on every backend. */
export function repairGatherGradient(): void {
  const original = tf.getGradient(tf.GatherV2);
  if (repairs.has(original)) return;
  const repaired: tf.GradConfig = {
    ...original,
    gradFunc: (dy, saved, attrs) => {
      const { axis, batchDims } = attrs as unknown as Attrs;
      const [x, indices] = saved as [tf.Tensor, tf.Tensor];
      const isFirst = tf.util.parseAxisParam(axis, x.shape)[0] === batchDims;
      // The original would transpose the sums of rows with all axes where they are, which on wasm is a copy of a whole table.
      if (batchDims === 0 && !isFirst) return original.gradFunc(dy, saved, attrs);
      if (!isFirst) {
        throw new MillraceError('MILLRACE_SHAPE', 'This gather has no gradient', {
          expected: `axis ${batchDims}, the first after the batch axes`,
          found: axis,
          hint: 'Transpose the tensor before it is gathered from.',
        });
      }
      return {
        x: () => scatterBack(dy as tf.Tensor, x.shape, indices, batchDims),
        indices: () => tf.zerosLike(indices),
      };
    },
  };
  tf.unregisterGradient(tf.GatherV2);
  tf.registerGradient(repaired);
  repairs.add(repaired);
}

/** Adds each gathered row back to where it came from, all examples in one pass over rows numbered throughout. */
function scatterBack(dy: tf.Tensor, shape: number[], indices: tf.Tensor, batchDims: number): tf.Tensor {
  const batches = tf.util.sizeFromShape(shape.slice(0, batchDims));
  const rows = shape[batchDims]!;
  const row = shape.slice(batchDims + 1);
  const firstRows = tf.range(0, batches * rows, rows, 'int32');
  const ids = tf.add(tf.reshape(indices, [batches, -1]), tf.reshape(firstRows, [batches, 1]));
  const sums = tf.unsortedSegmentSum(
    tf.reshape(dy, [-1, ...row]),
    tf.reshape(ids, [-1]) as tf.Tensor1D,
    batches * rows,
  );
  return tf.reshape(sums, shape);
}
