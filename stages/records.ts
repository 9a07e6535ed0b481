/**
 * The records that flow through the text stages. They are interfaces, not classes: a record may be a plain object or a
 * lazy view of a row of columns, and a stage must work on either (copy one with `extend`, never with a spread).
 */

import type { Origin } from '../pipeline/index.ts';

export type { Origin };

/** The three relations of SNLI (Bowman et al. 2015), in the order of the classifier's logits. */
export const LABELS = ['entailment', 'neutral', 'contradiction'] as const;

export type Label = (typeof LABELS)[number];

/** A run of bytes of one file or archive entry. Every file gives at least one, and its last one says so. */
export interface Block {
  readonly bytes: Uint8Array;
  /** The file or entry, without a line. */
  readonly origin: Origin;
  /** Whether the file ends with these bytes. */
  readonly last: boolean;
}

/** A line of a text file, without its line end. */
export interface Line {
  readonly text: string;
  readonly origin: Origin;
}

/** One sentence; each stage adds its field. */
export interface Sentence {
  readonly text: string;
  /** The binary parse as the corpus gives it: `( ( The sisters ) ( sleep . ) )`. */
  readonly binaryParse?: string;
  /** The constituency parse as the corpus gives it: `(ROOT (S ...))`. */
  readonly parse?: string;
  readonly tokens?: readonly string[];
  /** 0 is shift, 1 is reduce; 2n - 1 of them for n tokens. */
  readonly transitions?: ArrayLike<number>;
  /** Vocabulary ids of the tokens. */
  readonly ids?: ArrayLike<number>;
}

/** A premise, a hypothesis and how they relate. */
export interface SentencePair {
  readonly id: string;
  /** Absent when the pair is to be classified, not learnt from. */
  readonly label?: Label;
  /** How similar the two are, on the corpus' own scale: SICK's relatedness, 1 to 5. Absent where nobody said. */
  readonly score?: number;
  readonly premise: Sentence;
  readonly hypothesis: Sentence;
  readonly origin: Origin;
  /** SNLI's `captionID`. */
  readonly captionId?: string;
  /** The label that each annotator gave. */
  readonly annotatorLabels?: readonly string[];
}

/**
 * Sequences of one batch, padded with id 0 to the same length. Their arrays are windows on memory that other batches share:
 * copy one before you transfer it to another thread.
 */
export interface PaddedSequences {
  /** Row-major `[size, width]`. */
  readonly ids: Int32Array;
  /** Tokens of each row before padding, `[size]`. */
  readonly lengths: Int32Array;
  readonly width: number;
  /**
   * There when every sentence had some. They are made when they are first asked for.
   *
   * @throws MillraceError MILLRACE_SHAPE when a sentence has other tokens than the parse that its transitions are from
   */
  readonly transitions?: PaddedTransitions;
}

/** The transitions of the sentences of one batch, padded with -1 to the same length. Those of words that were cut are not there. */
export interface PaddedTransitions {
  /** Row-major `[size, width]`: 0 is shift, 1 is reduce. */
  readonly moves: Int32Array;
  /** Moves of each row before padding, `[size]`. */
  readonly lengths: Int32Array;
  readonly width: number;
}

/** What the encoders eat: typed arrays, made into tensors once, at the edge. */
export interface PairBatch {
  readonly size: number;
  readonly premise: PaddedSequences;
  readonly hypothesis: PaddedSequences;
  /** Index into {@link LABELS}, -1 for a pair without a label, `[size]`. */
  readonly labels: Int32Array;
  /** NaN for a pair without a score, `[size]`. */
  readonly scores: Float32Array;
  readonly pairIds: readonly string[];
  readonly origins: readonly Origin[];
}

/** A batch of sentences that are no pairs. */
export interface SentenceBatch {
  readonly size: number;
  readonly sentence: PaddedSequences;
  /** There when every sentence had one. */
  readonly origins?: readonly Origin[];
}
