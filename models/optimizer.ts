import {
  dispose,
  engine,
  keep,
  type NamedTensorMap,
  Optimizer,
  type Scalar,
  serialization,
  type Tensor,
  tidy,
  type Variable,
  variable,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { adamStep } from '../engine/index.ts';

export interface ClippedAdamOptions {
  /** Default 0.001. */
  readonly learningRate?: number;
  /** Longest gradient (of all weights as one vector) that is followed as it is; a longer one is shortened. Default 5. */
  readonly maxGradientNorm?: number;
  /** Names of weights of which only the rows move that the gradient is not 0 of: tables of word vectors. */
  readonly sparse?: readonly string[];
}

/** Running means of a weight's gradient and of its square. */
interface Moments {
  readonly first: Variable;
  readonly second: Variable;
}

/**
 * Adam (Kingma and Ba 2015) with the gradient clipped by its global norm (Pascanu, Mikolov and Bengio 2013), which keeps
 * one steep batch from throwing a recurrent network off its course: see {@link adamStep}.
 */
export class ClippedAdam extends Optimizer {
  /** May be set between steps. */
  learningRate: number;
  readonly maxGradientNorm: number;
  readonly #sparse: ReadonlySet<string>;
  readonly #moments = new Map<string, Moments>();
  #gradientNorm: Scalar | undefined;

  static get className(): string {
    return 'MillraceClippedAdam';
  }

  constructor({ learningRate = 0.001, maxGradientNorm = 5, sparse = [] }: ClippedAdamOptions = {}) {
    super();
    this.learningRate = learningRate;
    this.maxGradientNorm = maxGradientNorm;
    this.#sparse = new Set(sparse);
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
    const weights = named.map(([name, gradient]) => {
      const weight = engine().registeredVariables[name]!;
      return { weight, ...this.#momentsOf(weight), gradient, sparse: this.#sparse.has(name) };
    });
    this.incrementIterations();
    const { iterations: step, learningRate, maxGradientNorm } = this;
    const norm = adamStep(weights, {
      ...{ step, learningRate, maxGradientNorm },
      ...{ firstDecay: 0.9, secondDecay: 0.999, epsilon: 1e-8 },
    });
    dispose(this.#gradientNorm ?? []);
    this.#gradientNorm = keep(norm);
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
    const { learningRate, maxGradientNorm } = this;
    return { learningRate, maxGradientNorm, sparse: [...this.#sparse] };
  }

  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    return new cls(config);
  }
}

serialization.registerClass(ClippedAdam);
