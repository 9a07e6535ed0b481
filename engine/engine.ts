/** What an engine is: one TensorFlow.js backend, under the name by which people ask for it. */

import type { MillraceError } from '../pipeline/errors.ts';
import type { KernelBuild } from './kernels/exports.ts';

/** From the fastest to the one that always works. */
export const engineNames = ['node-gpu', 'node', 'wasm', 'cpu'] as const;

export type EngineName = (typeof engineNames)[number];

/** A TensorFlow.js backend that is set, repaired and ready. */
export interface Engine {
  readonly name: EngineName;
  /** TensorFlow.js's own name for it: `tensorflow`, `wasm` or `cpu`. */
  readonly backend: string;
  /** Version of the package that provides it. */
  readonly version: string;
  /** Whether it uses SIMD instructions; known for wasm only. */
  readonly simd?: boolean;
  /** Which build of our own kernels it runs; wasm only. */
  readonly kernels?: KernelBuild | 'none';
  /** Why `auto` passed over faster engines that are installed. */
  readonly passedOver?: readonly MillraceError[];
}

/** What came of trying an engine. */
export interface Trial {
  readonly available: boolean;
  /** Why it is not available. */
  readonly reason?: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Version of the package that provides it. */
  readonly version?: string;
  /** Whether it uses SIMD instructions; known for wasm only. */
  readonly simd?: boolean;
}

export interface EngineReport extends Trial {
  readonly name: EngineName;
}
