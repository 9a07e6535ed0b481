import { MillraceError } from '../errors.ts';
import type { StageSpec } from '../spec.ts';
import { load, type Named } from './named.ts';

/**
 * How another thread makes a stage for itself, since functions cannot be sent: the export of a module, and what to call
 * it with. Without `args` the export is the stage.
 *
 * What such a stage gives for a record must hang on that record alone: not on its index, on records before it, or on
 * anything that the stage changed elsewhere.
 */
export interface Remote extends Named {
  /** Sent to each thread once a run, as `postMessage` copies; a function is asked for them when the run begins. */
  readonly args?: readonly unknown[] | ((signal: AbortSignal) => readonly unknown[] | Promise<readonly unknown[]>);
}

/** A stage that another thread can make, and with what. */
export interface Recipe {
  readonly stage: string;
  readonly by: Named;
  readonly args?: readonly unknown[];
}

export async function recipeOf({ name, remote }: StageSpec<unknown, unknown>, signal: AbortSignal): Promise<Recipe> {
  const { module, export: exported, args } = remote as Remote;
  const by = { module, export: exported };
  return { stage: name, by, ...(args && { args: typeof args === 'function' ? await args(signal) : args }) };
}

/** @throws MillraceError MILLRACE_USAGE if that makes no stage, or one of another name */
export async function makeStage({ stage: name, by, args }: Recipe): Promise<StageSpec<unknown, unknown>> {
  const exported = await load(by);
  const isMaker = typeof exported === 'function' && !('spec' in exported);
  const made = args && isMaker ? exported(...args) : exported;
  const spec = (made as { spec?: StageSpec<unknown, unknown> } | undefined)?.spec;
  if (spec?.name === name) return spec;
  throw new MillraceError('MILLRACE_USAGE', `What should make the stage "${name}" in other threads does not`, {
    origin: { source: by.module },
    expected: `${by.export}${args ? '(...)' : ''} to be the stage "${name}"`,
    found: spec?.name ?? made,
  });
}
