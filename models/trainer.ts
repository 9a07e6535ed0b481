/** Who makes the steps of a training. */

import { dispose } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { PairBatch } from '../stages/records.ts';
import { figuresOf, gradientsOf, type StepFigures } from './gradients.ts';
import { assertWorkers, Team } from './parallel/team.ts';

export interface Trainer {
  /**
   * Moves the model's weights by what a batch tells.
   *
   * @returns the figures of the batch before the step
   */
  step(batch: PairBatch): Promise<StepFigures>;
  /** Ends what was started for it, whatever is under way. */
  close(): Promise<void>;
}

/**
 * @param model compiled
 * @param workers 1: this thread alone; more: it and so many threads less one, each with a part of every batch
 * @throws MillraceError `MILLRACE_USAGE` for a number that is none of workers, or several on an engine that cannot have them
 */
export function trainerOf(model: LayersModel, workers: number): Trainer {
  assertWorkers(workers);
  return workers === 1 ? new Alone(model) : new Team(model, workers);
}

class Alone implements Trainer {
  readonly #model: LayersModel;

  constructor(model: LayersModel) {
    this.#model = model;
  }

  async step(batch: PairBatch): Promise<StepFigures> {
    const found = gradientsOf(this.#model, batch);
    this.#model.optimizer.applyGradients(found.gradients);
    dispose(found.gradients);
    return figuresOf(found);
  }

  async close(): Promise<void> {}
}
