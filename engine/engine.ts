/** What an engine is: one TensorFlow.js backend, under the name by which people ask for it. */

import type { MillraceError } from '../pipeline/errors.ts';
import type { KernelBuild } from './kernels/exports.ts';

/** In the order in which `auto` tries them; the last two need nothing but Node. */
export const engineNames = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'] as const;

export type EngineName = (typeof engineNames)[number];

/** The GPU that the `webgpu` engine runs on. */
export interface Adapter {
  /** As its driver names it. */
  readonly name: string;
  /** Whether it is a program that does a GPU's work on the processor: far slower than `wasm`, so `auto` never takes it. */
  readonly software: boolean;
}

/** What is known of an engine that runs. */
export interface EngineFacts {
  /** Version of the package that provides it. */
  readonly version: string;
  /** Whether it uses SIMD instructions; known for `wasm` only. */
  readonly simd?: boolean;
  /** Which build of our own kernels it runs; known for `wasm` only. */
  readonly kernels?: KernelBuild | 'none';
  /** What it runs on; known for `webgpu` only. */
  readonly adapter?: Adapter;
}

/** A TensorFlow.js backend that is set, repaired and ready. */
export interface Engine extends EngineFacts {
  readonly name: EngineName;
  /** TensorFlow.js's own name for it: `tensorflow`, `webgpu`, `wasm` or `cpu`. */
  readonly backend: string;
  /** Of an engine that `auto` took: why not those before it in {@link engineNames}. */
  readonly passedOver?: readonly PassedOver[];
}

export interface PassedOver {
  readonly name: EngineName;
  /** As in "is not installed". */
  readonly reason: string;
  readonly error: MillraceError;
}

/** What came of trying an engine. */
export type Trial =
  | ({ readonly available: true } & EngineFacts)
  | {
      readonly available: false;
      /** Why not, as in "is not installed". */
      readonly reason: string;
      /** What to do about it. */
      readonly hint?: string;
    };

export type EngineReport = Trial & { readonly name: EngineName };
