/**
 * From a score on a line to one of three labels: two thresholds, learnt, and an ordered logit for the probabilities.
 */

import { LABELS, type Label } from '../stages/records.ts';

/** How a score is read: below `low` contradiction, from `high` on entailment, neutral between. */
export interface Thresholds {
  readonly low: number;
  readonly high: number;
  /** Width of the logistic noise that the probabilities assume around a score. */
  readonly scale: number;
}

/** The label that a score stands for. */
export function labelOfScore(score: number, { low, high }: Thresholds): Label {
  if (score < low) return 'contradiction';
  return score < high ? 'neutral' : 'entailment';
}

/**
 * Probabilities in the order of `LABELS`, by the ordered logit (McCullagh 1980): the chance that the score plus
 * logistic noise falls below the one threshold, above the other, or between.
 *
 * With thresholds closer than the noise is wide the most probable label may not be that of {@link labelOfScore}, which
 * is the one that was made as often right as can be.
 */
export function probabilitiesOfScore(score: number, { low, high, scale }: Thresholds): [number, number, number] {
  const contradiction = sigmoid((low - score) / scale);
  const entailment = sigmoid((score - high) / scale);
  return [entailment, Math.max(0, 1 - contradiction - entailment), contradiction];
}

/**
 * The thresholds that label the most scores rightly, found exactly in O(n log n), and the scale of greatest likelihood.
 *
 * A threshold lies half way between two neighbouring scores, or 1 beyond the outermost. Of thresholds that are equally
 * often right the lowest `low` is taken, and for that the lowest `high`.
 *
 * @param scores at least one
 * @param labels indices into `LABELS`, one a score
 */
export function learnThresholds(scores: ArrayLike<number>, labels: ArrayLike<number>): Thresholds {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  const sorted = order.map((i) => scores[i]!);
  // How many of the scores below the cut have each label.
  const below = { entailment: 0, neutral: 0, contradiction: 0 };
  let low = { cut: 0, gain: 0 };
  let best = { low: 0, high: 0, gain: Number.NEGATIVE_INFINITY };
  for (let cut = 0; cut <= sorted.length; cut++) {
    if (cut > 0) below[LABELS[labels[order[cut - 1]!]!]!]++;
    if (cut > 0 && sorted[cut] === sorted[cut - 1]) continue;
    // Moving `low` up to here turns neutrals into contradictions, moving `high` up entailments into neutrals.
    const gain = below.contradiction - below.neutral;
    if (gain > low.gain) low = { cut, gain };
    const total = low.gain + below.neutral - below.entailment;
    if (total > best.gain) best = { low: low.cut, high: cut, gain: total };
  }
  const cuts = { low: between(sorted, best.low), high: between(sorted, best.high) };
  return { ...cuts, scale: learnScale(scores, labels, cuts) };
}

function between(sorted: readonly number[], cut: number): number {
  if (cut === 0) return sorted[0]! - 1;
  if (cut === sorted.length) return sorted[cut - 1]! + 1;
  return (sorted[cut - 1]! + sorted[cut]!) / 2;
}

/** Beyond these the probabilities are all but 0 and 1, or all but equal. */
const STEEPEST = 1e3;
const FLATTEST = 1e-3;

/** The log-likelihood is concave in 1/scale (the ordered logit's in all its parameters), so thirds close in on its top. */
function learnScale(scores: ArrayLike<number>, labels: ArrayLike<number>, cuts: { low: number; high: number }): number {
  let [flat, steep] = [FLATTEST, STEEPEST];
  while (steep / flat > 1.001) {
    // Thirds of the logarithm: a concave function of x has one top over log x too.
    const third = (steep / flat) ** (1 / 3);
    const [a, b] = [flat * third, steep / third];
    if (
      logLikelihood(scores, labels, { ...cuts, scale: 1 / a }) <
      logLikelihood(scores, labels, { ...cuts, scale: 1 / b })
    ) {
      flat = a;
    } else {
      steep = b;
    }
  }
  return 1 / Math.sqrt(flat * steep);
}

function logLikelihood(scores: ArrayLike<number>, labels: ArrayLike<number>, thresholds: Thresholds): number {
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    sum += Math.log(Math.max(probabilitiesOfScore(scores[i]!, thresholds)[labels[i]!]!, Number.MIN_VALUE));
  }
  return sum;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
