import { MillraceError, type Origin } from '../../pipeline/index.ts';
import { LABELS, type Label } from '../records.ts';

/** What a corpus calls the labels, and pairs without one; a number is taken for its digits. */
export type LabelNames = { readonly [L in Label | 'unlabeled']?: string | number };

/** The names that a corpus has for labels, and nothing that was not said: a name that is not in the map is an error. */
export class LabelMap {
  readonly labels: readonly Label[];
  /** What the corpus calls them, in the same order. */
  readonly names: readonly string[];
  /** What it writes for a pair that has none, which is left out. */
  readonly unlabeled: string | undefined;

  /** @throws MillraceError MILLRACE_USAGE for a name that is empty, or given twice */
  constructor(names: LabelNames) {
    this.labels = LABELS.filter((label) => names[label] !== undefined);
    this.names = this.labels.map((label) => String(names[label]));
    this.unlabeled = names.unlabeled === undefined ? undefined : String(names.unlabeled);
    const all = this.#all;
    if (all.includes('') || new Set(all).size < all.length) {
      throw new MillraceError('MILLRACE_USAGE', 'The labels cannot be told apart', {
        expected: 'a name of its own for each label, none of them empty',
        found: all.join(', '),
      });
    }
  }

  /** The map that was given; where nothing was, `usual`. One that is given says everything: nothing usual is added. */
  static of({ entailment, neutral, contradiction, unlabeled }: LabelNames, usual: LabelNames): LabelMap {
    const given = { entailment, neutral, contradiction, unlabeled };
    const isGiven = Object.values(given).some((name) => name !== undefined);
    return new LabelMap(isGiven ? (given as LabelNames) : usual);
  }

  /**
   * @param field what holds the name, as an error says it: `field "label"`
   * @param orElse what would have done too
   * @throws MillraceError MILLRACE_BAD_RECORD for a name that is not in the map
   */
  labelOf(name: unknown, field: string, origin: Origin, orElse = ''): Label {
    const label = this.labels[this.names.indexOf(name as string)];
    if (label !== undefined) return label;
    throw new MillraceError('MILLRACE_BAD_RECORD', `The ${field} is wrong`, {
      origin,
      expected: `one of ${this.#all.join(', ')}${orElse}`,
      found: name,
      hint: 'Where a corpus has other names, say which: entailment=NAME,neutral=NAME,contradiction=NAME.',
    });
  }

  get #all(): string[] {
    return this.unlabeled === undefined ? [...this.names] : [...this.names, this.unlabeled];
  }
}

/** The names as they are. */
export const OWN_NAMES: LabelNames = { entailment: 'entailment', neutral: 'neutral', contradiction: 'contradiction' };

/** What SNLI writes where its annotators found no majority. */
export const SNLI_NAMES: LabelNames = { ...OWN_NAMES, unlabeled: '-' };

export const NO_LABEL_REASON = 'no gold label';
