import {
  add,
  addN,
  dispose,
  div,
  engine,
  keep,
  maximum,
  mul,
  type NamedTensorMap,
  Optimizer,
  type Scalar,
  serialization,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
  type Variable,
  variable,
  zerosLike,
} from '@tensorflow/tfjs-core';

export interface ClippedAdamOptions {
  /** Default 0.001. */
  readonly learningRate?: number;
  /** Longest gradient (of all weights as one vector) that is followed as it is; a longer one is shortened. Default 5. */
  readonly maxGradientNorm?: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Running means of a weight's gradient and of its square. */
interface Moments {
  readonly first: Variable;
  readonly second: Variable;
}

/**
 * Adam (Kingma and Ba 2015, in the order of their section 2's end) with the gradient clipped by its global norm
 * (Pascanu, Mikolov and Bengio 2013), which keeps one steep batch from throwing a recurrent network off its course.
 *
 * Clipping and bias correction are folded into scalars: each pass over a large table of word vectors is dear.
 */
export class ClippedAdam extends Optimizer {
  /** May be set between steps. */
  learningRate: number;
  readonly maxGradientNorm: number;
  readonly #moments = new Map<string, Moments>();
  #gradientNorm: Scalar | undefined;

  static get className(): string {
    return 'MillraceClippedAdam';
  }

  constructor({ learningRate = 0.001, maxGradientNorm = 5 }: ClippedAdamOptions = {}) {
    super();
    this.learningRate = learningRate;
    this.maxGradientNorm = maxGradientNorm;
  }

  /** Norm of the last gradient before it was clipped; the optimizer's own, not to be disposed of. */
  get gradientNorm(): Scalar | undefined {
    return this.#gradientNorm;
  }

  /** Steps made; set it, and the {@link moments}, to go on where another optimizer was. */
  override get iterations(): number {
    return super.iterations;
  }

  override set iterations(count: number) {
    this.iterations_ = count;
  }

  /** The optimizer's own two variables of each weight: the running means of its gradient and of the square of that. */
  moments(weights: readonly Variable[]): Variable[] {
    return weights.flatMap((weight) => {
      const { first, second } = this.#momentsOf(weight);
      return [first, second];
    });
  }

  override applyGradients(gradients: NamedTensorMap | { name: string; tensor: Tensor }[]): void {
    const named = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(gradients);
    tidy(() => {
      const norm = sqrt(addN(named.map(([, gradient]) => sum(square(gradient))))) as Scalar;
      dispose(this.#gradientNorm ?? []);
      this.#gradientNorm = keep(norm);
      const clip = div(this.maxGradientNorm, maximum(norm, this.maxGradientNorm));
      const firstShare = mul(clip, 1 - BETA1);
      const secondShare = mul(square(clip), 1 - BETA2);
      this.incrementIterations();
      const correction = Math.sqrt(1 - BETA2 ** this.iterations);
      const rate = (this.learningRate * correction) / (1 - BETA1 ** this.iterations);
      for (const [name, gradient] of named) {
        const weight = engine().registeredVariables[name]!;
        const { first, second } = this.#momentsOf(weight);
        first.assign(add(mul(first, BETA1), mul(gradient, firstShare)));
        second.assign(add(mul(second, BETA2), mul(square(gradient), secondShare)));
        const step = div(first, add(sqrt(second), EPSILON * correction));
        weight.assign(sub(weight, mul(step, rate)));
      }
    });
  }

  #momentsOf(weight: Variable): Moments {
    const known = this.#moments.get(weight.name);
    if (known !== undefined) return known;
    const [first, second] = tidy(() => [variable(zerosLike(weight), false), variable(zerosLike(weight), false)]) as [
      Variable,
      Variable,
    ];
    const moments = { first, second };
    this.#moments.set(weight.name, moments);
    return moments;
  }

  override dispose(): void {
    dispose([...this.#moments.values()].flatMap(({ first, second }) => [first, second]));
    dispose(this.#gradientNorm ?? []);
    this.#moments.clear();
    this.#gradientNorm = undefined;
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
