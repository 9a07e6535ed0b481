/** What a run and its worker threads say to each other. Answers come in the order in which the chunks went. */
import type { Frame } from './frame.ts';
import type { PortableError } from './portable-error.ts';
import type { Recipe } from './remote.ts';

export type ToWorker =
  /** A run begins: make these stages. */
  | { readonly kind: 'open'; readonly recipes: readonly Recipe[] }
  | { readonly kind: 'chunk'; readonly frame: Frame }
  /** The run is over: forget it, and what of it is still to be done. */
  | { readonly kind: 'close' };

export type FromWorker = { readonly kind: 'closed' } | Answer;

export type Answer =
  | {
      readonly kind: 'done';
      /** What came out, if anything did. */
      readonly frame: Frame | undefined;
      readonly figures: readonly Figures[];
      readonly rejects: readonly Rejected[];
      /** The memory that the chunk came in, given back. */
      readonly spent: readonly ArrayBuffer[];
    }
  /**
   * Only the main thread can say what comes of the chunk: because it came to an error, told in words, or to records that
   * cannot be sent.
   */
  | { readonly kind: 'undone'; readonly error?: string }
  /** The stages cannot be made. */
  | { readonly kind: 'unmade'; readonly error: PortableError };

/** What one stage counted. */
export interface Figures {
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly bytesOut: number;
  /** Milliseconds of work. */
  readonly busy: number;
  readonly dropped: ReadonlyMap<string, number>;
  readonly tallies: ReadonlyMap<string, number>;
}

/** A record that broke a rule of one of the stages. */
export interface Rejected {
  readonly stage: number;
  readonly error: PortableError;
  readonly raw: unknown;
}
