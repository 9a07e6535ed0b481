/** What a run and its worker threads say to each other. Answers come in the order in which they were asked for. */
import type { RejectCounts } from '../rejects.ts';
import type { Json } from '../state.ts';
import type { Figures } from './figures.ts';
import type { Frame } from './frame.ts';
import type { PortableError } from './portable-error.ts';
import type { Recipe } from './remote.ts';

/** A run begins. */
export type Beginning =
  /** The chunks are sent: make these stages. */
  | { readonly kind: 'open'; readonly recipes: readonly Recipe[] }
  /** The thread has the source too, and begins where a run was. */
  | {
      readonly kind: 'lead';
      readonly source: Recipe;
      readonly recipes: readonly Recipe[];
      readonly state: readonly Json[];
    };

/** What is to be answered. */
export type Request =
  | { readonly kind: 'chunk'; readonly frame: Frame }
  /** One more answer of the thread that has the source. */
  | { readonly kind: 'next' };

/** In the end the run is over: forget it, and what of it is still to be done. */
export type ToWorker = Beginning | Request | { readonly kind: 'close' };

export type FromWorker = { readonly kind: 'closed' } | Answer;

export type Answer = ChunkAnswer | LeadAnswer;

/** What came of a chunk. */
export type ChunkAnswer =
  | {
      readonly kind: 'done';
      /** What came out, if anything did. */
      readonly frame: Frame | undefined;
      readonly figures: readonly Figures[];
      readonly rejects: readonly Rejected[];
      /** The memory that the chunk came in, given back. */
      readonly spent: readonly ArrayBuffer[];
    }
  | Undone
  | Unmade;

/** How a run goes on in the thread that has the source. */
export type LeadAnswer =
  | {
      readonly kind: 'made';
      /** The next chunk; none is the end. */
      readonly frame: Frame | undefined;
      /** Where the run is behind it, in JSON. */
      readonly after: string;
      /** Of the source and each stage. */
      readonly figures: readonly Figures[];
      readonly rejects: readonly Told[];
    }
  /** On the way to the next chunk: there may be none for long. */
  | { readonly kind: 'rejected'; readonly rejects: readonly Told[] }
  | Undone
  | Unmade;

/**
 * Only the main thread can say what comes next: because it came to an error, told in words, or to records that cannot be
 * sent.
 */
export interface Undone {
  readonly kind: 'undone';
  readonly error?: string;
}

/** The source or the stages cannot be made. */
export interface Unmade {
  readonly kind: 'unmade';
  readonly error: PortableError;
}

/** A record that broke a rule. */
export interface Packed {
  readonly error: PortableError;
  readonly raw: unknown;
}

/** With what the run of the thread has counted. */
export interface Told extends Packed {
  readonly counts: RejectCounts | undefined;
}

/** By which of the stages, and the how-many-th record of the chunk it was there. */
export interface Rejected extends Packed {
  readonly stage: number;
  readonly seen: number;
}
