/** Initial weights: seeded, and the same to the last bit on every engine. */

import { randomNormal, randomUniform, serialization, type Tensor, tensor } from '@tensorflow/tfjs-core';

/** Lets a function of the shape be an initializer of TensorFlow.js, whose own base class is not exported. */
export class ValuesInitializer extends serialization.Serializable {
  static readonly className = 'MillraceValuesInitializer';
  readonly #values: (shape: number[]) => Float32Array;

  constructor(values: (shape: number[]) => Float32Array) {
    super();
    this.#values = values;
  }

  apply(shape: (number | null)[]): Tensor {
    return tensor(this.#values(shape as number[]), shape as number[], 'float32');
  }

  fromConfigUsesCustomObjects(): boolean {
    return false;
  }

  /** A layer keeps what its initializer was made from in its own config. */
  getConfig(): serialization.ConfigDict {
    return {};
  }
}

/** Uniform in ±sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010, equation 16), row-major `[inputs, outputs]`. */
export function glorotUniform(inputs: number, outputs: number, seed: number): Float32Array {
  return uniform(inputs * outputs, Math.sqrt(6 / (inputs + outputs)), seed);
}

/** Uniform in -limit .. limit. */
export function uniform(count: number, limit: number, seed: number): Float32Array {
  return drain(randomUniform([count], -limit, limit, 'float32', seed));
}

/**
 * A random orthogonal matrix, row-major `[size, size]` (Saxe, McClelland and Ganguli 2014): normal numbers made
 * orthonormal row by row (Gram-Schmidt, each row twice, since once leaves rounding errors that grow with the size).
 */
export function orthogonal(size: number, seed: number): Float32Array {
  const matrix = Float64Array.from(drain(randomNormal([size * size], 0, 1, 'float32', seed)));
  const rows = Array.from({ length: size }, (_, i) => matrix.subarray(i * size, (i + 1) * size));
  for (const [i, row] of rows.entries()) {
    for (const other of [...rows.slice(0, i), ...rows.slice(0, i)]) {
      const overlap = dot(row, other);
      for (let k = 0; k < size; k++) row[k]! -= overlap * other[k]!;
    }
    const length = Math.sqrt(dot(row, row));
    for (let k = 0; k < size; k++) row[k]! /= length;
  }
  return Float32Array.from(matrix);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

function drain(values: Tensor): Float32Array {
  const data = values.dataSync<'float32'>();
  values.dispose();
  return data;
}
