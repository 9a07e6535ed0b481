import {
  AdamOptimizer,
  addN,
  dispose,
  div,
  keep,
  maximum,
  mul,
  type NamedTensorMap,
  type Scalar,
  serialization,
  sqrt,
  square,
  sum,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';

export interface ClippedAdamOptions {
  /** Default 0.001. */
  readonly learningRate?: number;
  /** Longest gradient (of all weights as one vector) that is followed as it is; a longer one is shortened. Default 5. */
  readonly maxGradientNorm?: number;
}

/**
 * Adam (Kingma and Ba 2015) with the gradient clipped by its global norm (Pascanu, Mikolov and Bengio 2013), which keeps
 * one steep batch from throwing a recurrent network off its course.
 */
export class ClippedAdam extends AdamOptimizer {
  /** May be set between steps. */
  declare learningRate: number;
  readonly maxGradientNorm: number;
  #gradientNorm: Scalar | undefined;

  static override get className(): string {
    return 'millrace>ClippedAdam';
  }

  constructor({ learningRate = 0.001, maxGradientNorm = 5 }: ClippedAdamOptions = {}) {
    super(learningRate, 0.9, 0.999, 1e-8);
    this.maxGradientNorm = maxGradientNorm;
  }

  /** Norm of the last gradient before it was clipped; the optimizer's own, not to be disposed of. */
  get gradientNorm(): Scalar | undefined {
    return this.#gradientNorm;
  }

  override applyGradients(gradients: NamedTensorMap | { name: string; tensor: Tensor }[]): void {
    const named = Array.isArray(gradients)
      ? gradients
      : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    tidy(() => {
      const norm = sqrt(addN(named.map(({ tensor }) => sum(square(tensor))))) as Scalar;
      dispose(this.#gradientNorm ?? []);
      this.#gradientNorm = keep(norm);
      const scale = div(this.maxGradientNorm, maximum(norm, this.maxGradientNorm));
      super.applyGradients(named.map(({ name, tensor }) => ({ name, tensor: mul(tensor, scale) })));
    });
  }

  override dispose(): void {
    dispose(this.#gradientNorm ?? []);
    this.#gradientNorm = undefined;
    super.dispose();
  }

  override getConfig(): serialization.ConfigDict {
    return { learningRate: this.learningRate, maxGradientNorm: this.maxGradientNorm };
  }

  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    return new cls(config);
  }
}

serialization.registerClass(ClippedAdam);
